import { describe, expect, it } from 'vitest';
import { toggled } from './selection';

const list = ['a', 'b', 'c', 'd', 'e'];
const text = (tokens: Set<string>) => [...tokens].sort().join('');

describe('toggled', () => {
  it('selects a row, and deselects it', () => {
    expect(text(toggled(list, new Set(), '', 'b', false))).toBe('b');
    expect(text(toggled(list, new Set('b'), 'b', 'b', false))).toBe('');
  });

  it('makes a range like its end, in both directions', () => {
    expect(text(toggled(list, new Set('b'), 'b', 'd', true))).toBe('bcd');
    expect(text(toggled(list, new Set('d'), 'd', 'b', true))).toBe('bcd');
    expect(text(toggled(list, new Set('abcde'), 'a', 'c', true))).toBe('de');
  });

  it('selects one row if the range has no begin', () => {
    expect(text(toggled(list, new Set(), 'gone', 'c', true))).toBe('c');
  });
});
