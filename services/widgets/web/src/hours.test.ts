import { describe, expect, it } from 'vitest';
import { closedUntil } from './hours';

type Range = [day: string, from: string, to: string];

const hours = (timezone: string, ...ranges: Range[]) =>
  ({ timezone, days: ranges.map(([day, from, to]) => ({ day, from, to })) }) as Parameters<typeof closedUntil>[0];
const until = (of: ReturnType<typeof hours>, now: string) => {
  const at = closedUntil(of, Date.parse(now));
  return at === undefined ? 'open' : new Date(at).toISOString().replace(':00.000', '');
};

describe('closedUntil', () => {
  const office = hours(
    'Europe/Berlin',
    ['MON', '09:00', '12:00'],
    ['MON', '13:00', '17:00'],
    ['FRI', '09:00', '17:00'],
  );

  it.each([
    ['2026-01-12T07:59:59Z', '2026-01-12T08:00Z'], // a Monday, in winter an hour ahead of UTC
    ['2026-01-12T08:00:00Z', 'open'],
    ['2026-01-12T10:59:59Z', 'open'],
    ['2026-01-12T11:00:00Z', '2026-01-12T12:00Z'],
    ['2026-01-12T16:00:00Z', '2026-01-16T08:00Z'],
    ['2026-01-16T16:00:00Z', '2026-01-19T08:00Z'],
    ['2026-01-11T23:30:00Z', '2026-01-12T08:00Z'], // in Berlin it is Monday
  ])('follows the week: %s', (now, expected) => expect(until(office, now)).toBe(expected));

  const sunday = hours('Europe/Berlin', ['SUN', '01:00', '02:30'], ['SUN', '09:00', '17:00']);
  it.each([
    // In the night to March 29, 2026, the clocks skip the hour from 2:00, at 1:00 in UTC.
    ['2026-03-28T12:00:00Z', '2026-03-29T00:00Z'],
    ['2026-03-29T01:29:00Z', 'open'], // 2:30 doesn't exist: it is half an hour after 2:00
    ['2026-03-29T01:30:00Z', '2026-03-29T07:00Z'],
    ['2026-03-29T15:00:00Z', '2026-04-04T23:00Z'],
    // In the night to October 25, 2026, they repeat the hour from 2:00.
    ['2026-10-24T22:59:00Z', '2026-10-24T23:00Z'],
    ['2026-10-25T00:59:00Z', 'open'],
    ['2026-10-25T02:00:00Z', '2026-10-25T08:00Z'],
    ['2026-10-25T16:00:00Z', '2026-11-01T00:00Z'],
  ])('follows the clocks of the zone when they change: %s', (now, expected) =>
    expect(until(sunday, now)).toBe(expected),
  );

  it.each([
    ['2026-03-08T12:00:00Z', '2026-03-08T13:00Z'], // New York changed its clocks at 7:00 in UTC
    ['2026-03-01T12:00:00Z', '2026-03-01T14:00Z'],
    ['2026-11-01T13:59:00Z', '2026-11-01T14:00Z'],
    ['2026-11-01T22:00:00Z', '2026-11-08T14:00Z'],
  ])('also west of Greenwich: %s', (now, expected) =>
    expect(until(hours('America/New_York', ['SUN', '09:00', '17:00']), now)).toBe(expected),
  );

  it.each([
    ['2026-01-12T23:59:59Z', 'open'],
    ['2026-01-13T00:00:00Z', '2026-01-19T00:00Z'],
    ['2026-01-11T12:00:00Z', '2026-01-12T00:00Z'],
  ])('ends the day at 24:00: %s', (now, expected) =>
    expect(until(hours('UTC', ['MON', '00:00', '24:00']), now)).toBe(expected),
  );

  it('knows zones of half hours', () => {
    const of = hours('Asia/Kolkata', ['MON', '09:00', '17:00']);
    expect(until(of, '2026-01-12T03:29:30Z')).toBe('2026-01-12T03:30Z');
    expect(until(of, '2026-01-12T03:30:00Z')).toBe('open');
  });

  it('is open without hours, and if the browser does not know the zone', () => {
    expect(closedUntil(null, 0)).toBeUndefined();
    expect(closedUntil(undefined, 0)).toBeUndefined();
    expect(until(hours('Europe/Atlantis', ['MON', '09:00', '17:00']), '2026-01-11T12:00:00Z')).toBe('open');
  });
});
