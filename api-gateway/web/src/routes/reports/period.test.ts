import { describe, expect, it } from 'vitest';
import { before, dateIn, intervalOf, lastDays, lastPart, lengthOf, moveDate, periodOf, queryOf } from './period';

const tz = 'Europe/Berlin';
const march = { from: '2026-03-01', until: '2026-03-31', tz };

describe('a period', () => {
  it('ends today in its time zone', () => {
    const now = Date.parse('2026-03-01T23:30:00Z');
    expect(lastDays(7, tz, now)).toEqual({ from: '2026-02-24', until: '2026-03-02', tz });
    expect(lastDays(1, 'UTC', now)).toEqual({ from: '2026-03-01', until: '2026-03-01', tz: 'UTC' });
    expect(dateIn('Pacific/Auckland', now)).toBe('2026-03-02');
  });

  it('has whole days, also where clocks change', () => {
    expect(lengthOf(march)).toBe(31);
    expect(moveDate('2026-03-28', 2)).toBe('2026-03-30');
  });

  it('follows the one before it', () => {
    expect(before(march)).toEqual({ from: '2026-01-29', until: '2026-02-28', tz });
  });

  it('has a last part', () => {
    expect(lastPart(march, 7)).toEqual({ from: '2026-03-25', until: '2026-03-31', tz });
    expect(lastPart(march, 31)).toEqual(march);
    expect(lastPart(march, 90)).toEqual(march);
  });

  it('is asked for up to the day after it', () => {
    expect(queryOf(march)).toEqual({ from: '2026-03-01', to: '2026-04-01', tz });
  });

  it('of two days is shown by the hour', () => {
    expect(intervalOf({ ...march, from: '2026-03-30' })).toBe('hour');
    expect(intervalOf({ ...march, from: '2026-03-29' })).toBe('day');
  });
});

describe('an address', () => {
  it('names a period', () => {
    expect(periodOf({ ...march, other: 1 })).toEqual(march);
  });

  it.each([
    ['a day that isn’t one', { ...march, until: '2026-02-31x' }],
    ['only one day', { from: '2026-03-01', tz }],
    ['an end before its beginning', { ...march, until: '2026-02-01' }],
  ])('is taken without %s', (_, values) => {
    expect(periodOf(values)).toEqual({ tz });
  });

  it('is taken without an unknown time zone', () => {
    expect(periodOf({ ...march, tz: 'Mars/Base' })).toEqual({ from: march.from, until: march.until });
  });
});
