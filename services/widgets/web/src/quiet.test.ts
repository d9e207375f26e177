import { describe, expect, it } from 'vitest';
import type { Widget } from '../../../../libs/web/api';
import { isQuiet, isWanted } from './quiet';

const at = (hour: number, minute = 0) => new Date(2026, 2, 15, hour, minute);

describe('isQuiet', () => {
  it.each([
    ['22:00', '08:00', at(21, 59), false],
    ['22:00', '08:00', at(22), true],
    ['22:00', '08:00', at(0), true],
    ['22:00', '08:00', at(7, 59), true],
    ['22:00', '08:00', at(8), false],
    ['12:30', '13:15', at(12, 30), true],
    ['12:30', '13:15', at(13, 15), false],
    ['12:30', '13:15', at(0), false],
  ])('from %s to %s', (from, to, now, expected) => {
    expect(isQuiet({ from, to }, now)).toBe(expected);
  });
  it('is false without quiet hours', () => expect(isQuiet(null, at(3))).toBe(false));
});

describe('isWanted', () => {
  it('follows the list and the quiet hours', () => {
    const settings = { notices: ['title'], quietHours: { from: '22:00', to: '08:00' } } as unknown as Widget;
    expect(isWanted('title', settings, at(12))).toBe(true);
    expect(isWanted('title', settings, at(23))).toBe(false);
    expect(isWanted('sound', settings, at(12))).toBe(false);
  });
});
