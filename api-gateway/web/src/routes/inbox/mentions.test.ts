import { describe, expect, it } from 'vitest';
import type { User } from '../../../../../libs/web/api';
import { begunMention, complete, mentionsIn, suggestions } from './mentions';

const users = [
  { id: 1, name: 'Ada' },
  { id: 2, name: 'Ada Moreno' },
  { id: 3, name: 'Zoë Berg' },
] as User[];

describe('begunMention', () => {
  it.each([
    ['@', { name: '', from: 0 }],
    ['Please @Ad', { name: 'Ad', from: 7 }],
    ['@Ada Mo', { name: 'Ada Mo', from: 0 }],
    ['mail@shop', null],
    ['@Ada Moreno please', null],
    ['no mention', null],
  ])('of %j is %j', (text, begun) => {
    expect(begunMention(text, text.length)).toEqual(begun);
  });
});

describe('suggestions', () => {
  it('are agents one of whose names begins like that, without accents', () => {
    const ids = (name: string) => suggestions(users, name).map((u) => u.id);
    expect([ids('ad'), ids('zoe'), ids('ber'), ids('x'), ids('')]).toEqual([[1, 2], [3], [3], [], [1, 2, 3]]);
  });
});

describe('complete', () => {
  it('replaces what was begun, and puts the caret after it', () => {
    const text = 'Hi @Zo, look';
    expect(complete(text, begunMention(text, 6)!, users[2]!)).toEqual(['Hi @Zoë Berg , look', 13]);
  });
});

describe('mentionsIn', () => {
  it('counts the longer of two names', () => {
    expect(mentionsIn('@Ada Moreno look', users)).toEqual([2]);
    expect(mentionsIn('@Ada Moreno and @Ada look', users)).toEqual([2, 1]);
    expect(mentionsIn('Ada, look', users)).toEqual([]);
  });
});
