import { describe, expect, it } from 'vitest';
import { fieldTime, snoozeTimes, timeProblem } from './snooze';

const local = (at: Date) => `${at.getDay()} ${at.getHours()}:${at.getMinutes()}`;

describe('snoozeTimes', () => {
  it('are in an hour, in four, tomorrow and on Monday, in the morning', () => {
    const now = new Date(2026, 10, 27, 16, 30); // a Friday
    expect(snoozeTimes(now).map(({ until }) => local(until))).toEqual(['5 17:30', '5 20:30', '6 9:0', '1 9:0']);
  });

  it.each([
    [29, 1], // Sunday
    [30, 7], // Monday
  ])('lead from November %i to Monday in %i days', (day, days) => {
    const now = new Date(2026, 10, day, 8);
    const { until } = snoozeTimes(now).at(-1)!;
    expect([until.getDay(), Math.round((until.getTime() - now.getTime()) / 86_400_000)]).toEqual([1, days]);
  });
});

describe('fieldTime', () => {
  it('is the local time, as the field reads it', () => {
    const at = new Date(2026, 0, 2, 3, 4);
    expect(fieldTime(at)).toBe('2026-01-02T03:04');
    expect(new Date(fieldTime(at))).toEqual(at);
  });
});

describe('timeProblem', () => {
  const now = new Date(2026, 10, 27, 16, 30);
  it.each([
    ['2026-11-27T16:31', ''],
    ['2027-11-28T16:30', ''],
    ['2026-11-27T16:30', 'timeIsPast'],
    ['2027-11-28T16:31', 'timeIsFar'],
    ['', 'timeMissing'],
  ])('of %s is "%s"', (text, problem) => {
    expect(timeProblem(text, now)).toBe(problem);
  });
});
