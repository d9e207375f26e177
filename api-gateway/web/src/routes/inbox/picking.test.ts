import { describe, expect, it } from 'vitest';
import { begunPick, insert } from './picking';

describe('begunPick', () => {
  it.each<[string, ReturnType<typeof begunPick>]>([
    ['/', { search: '', from: 0 }],
    ['/hel lo', { search: 'hel lo', from: 0 }],
    ['Dear Vera,\n\n/ref', { search: 'ref', from: 12 }],
    ['Dear Vera,\n /', null],
    ['and/or', null],
    ['/usr/bin', null],
    ['/one\n', null],
    ['', null],
  ])('reads %j', (text, want) => expect(begunPick(text, text.length)).toEqual(want));

  it('reads up to the caret', () => expect(begunPick('/hello', 3)).toEqual({ search: 'he', from: 0 }));
});

it('insert replaces the slash and what follows it', () => {
  expect(insert('A\n\n/heB', { search: 'he', from: 3 }, 'Hello!')).toEqual(['A\n\nHello!B', 9]);
});
