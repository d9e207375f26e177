import { describe, expect, it } from 'vitest';
import { cut, fitting, wellFormed } from './text';

describe('wellFormed', () => {
  it('replaces halves of characters only', () => {
    expect(wellFormed('Deal \ud83d')).toBe('Deal \ufffd');
    expect(wellFormed('\ude00 \u{1f600} é')).toBe('\ufffd \u{1f600} é');
  });
});

describe('cut', () => {
  it('counts characters and halves none', () => {
    expect(cut('a'.repeat(99) + '\u{1f600}b', 100)).toBe('a'.repeat(99) + '\u{1f600}');
    expect(cut('ab', 5)).toBe('ab');
  });
});

describe('fitting', () => {
  it('keeps the members that fit', () => {
    expect(fitting({ a: 1, long: 'x'.repeat(100), b: ['\ud83d'] }, 60)).toEqual({ a: 1, b: ['\ufffd'] });
    expect(fitting({ a: 'ééé' }, 12)).toEqual({}); // bytes count, not characters
  });
  it('leaves out what is no JSON', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(fitting({ f: () => 1, u: undefined, cycle, n: null }, 1000)).toEqual({ n: null });
  });
});
