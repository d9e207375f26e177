import { describe, expect, it } from 'vitest';
import { colourOf, initials } from './face';

describe('initials', () => {
  it.each([
    ['Una', 'U'],
    ['una maria berg', 'UB'],
    ['  Vera  (Shop) ', 'VS'],
    ['李 小龙', '李小'],
    ['𝒱era', '𝒱'],
    ['', '?'],
    ['🐸', '?'],
  ])('of %j', (name, expected) => expect(initials(name)).toBe(expected));
});

describe('colourOf', () => {
  it('is one of six', () => {
    expect(new Set(Array.from('abcdefghijkl', colourOf))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  });
});
