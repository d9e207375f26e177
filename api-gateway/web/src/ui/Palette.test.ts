import { describe, expect, it } from 'vitest';
import type { Command } from './commands';
import { matching } from './Palette';

const commands: Command[] = [
  { id: 'a', label: 'Go to Inbox', run: () => {} },
  { id: 'b', label: 'Aller à la boîte', run: () => {} },
  { id: 'c', label: 'Undo', isHidden: true, run: () => {} },
];
const ids = (text: string) => matching(commands, text).map((c) => c.id);

describe('matching', () => {
  it('finds all words, in any order, without accents and case', () => {
    expect([ids('inbox go'), ids('BOITE a'), ids('inbox tickets')]).toEqual([['a'], ['b'], []]);
  });

  it('has all commands for an empty text, except hidden ones', () => {
    expect(ids('')).toEqual(['a', 'b']);
  });
});
