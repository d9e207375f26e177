import { describe, expect, it } from 'vitest';
import { step } from './grid';

describe('step', () => {
  it.each([
    ['ArrowRight', 0, 1],
    ['ArrowLeft', 0, -1],
    ['ArrowDown', 1, 9],
    ['ArrowDown', 9, -1],
    ['ArrowUp', 9, 1],
    ['ArrowRight', 15, -1],
    ['Home', 9, 0],
    ['End', 1, 15],
    ['Tab', 1, -1],
    ['toString', 1, -1],
  ])('%s from %i leads to %i', (key, from, to) => expect(step(key, from, 16, 8, false)).toBe(to));
  it('follows the direction of the text', () => {
    expect(step('ArrowLeft', 3, 16, 8, true)).toBe(4);
    expect(step('ArrowRight', 3, 16, 8, true)).toBe(2);
  });
});
