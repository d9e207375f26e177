import { describe, expect, it } from 'vitest';
import type { CannedReply, Macro } from '../../../../libs/web/api';
import { changeOf, matching, render } from './workspace';

describe('render', () => {
  it.each([
    ['Hello', 'Hello'],
    ['{{visitor.name}}!', 'Vera {{agent.name}}!'],
    ['Hi {{visitor.name|there}}', 'Hi Vera {{agent.name}}'],
    ['{{ agent.name | me }}', 'me'],
    ['[{{ticket.number}}]', '[]'],
    ['} }} { {{website.name}} and }} end', '} }} { Harbour and }} end'],
  ])('makes of %s', (text, want) => {
    expect(render(text, { 'visitor.name': 'Vera {{agent.name}}', 'website.name': 'Harbour' })).toBe(want);
  });
});

const reply = (id: number, shortcut: string, uses: number, fields: Partial<CannedReply> = {}) =>
  ({ id, shortcut, title: '', text: '', folder: null, uses, ...fields }) as CannedReply;

describe('matching', () => {
  const all = [reply(1, 'bye', 5), reply(2, 'hello', 1), reply(3, 'later', 9, { text: 'Say héllo again' })];
  const ids = (text: string) => matching(all, text).map((r) => r.id);

  it('has the most used first', () => expect(ids('')).toEqual([3, 1, 2]));
  it('has a shortcut before a text', () => expect(ids('hell')).toEqual([2, 3]));
  it('needs all words', () => expect([ids('again hello'), ids('again bye')]).toEqual([[3], []]));
});

describe('changeOf', () => {
  const of = (actions: Macro['actions']) => changeOf({ actions } as Macro, 7, Date.UTC(2026, 0, 1));

  it('is empty without actions', () => expect(of({ reply: 'Hi', addTags: [] })).toEqual({}));
  it('names the agent, none, and another one', () => {
    expect([of({ teamId: 'none' }), of({ teamId: '3' })]).toEqual([{ teamId: null }, { teamId: 3 }]);
    expect([of({ assigneeId: 'me' }), of({ assigneeId: 'none' }), of({ assigneeId: '9' })]).toEqual([
      { assigneeId: 7 },
      { assigneeId: null },
      { assigneeId: 9 },
    ]);
  });
  it('snoozes from now on', () => {
    expect(of({ snoozeMinutes: 90, status: 'OPEN', addTags: ['a'], removeTags: ['b'] })).toEqual({
      status: 'OPEN',
      addTags: ['a'],
      removeTags: ['b'],
      snoozedUntil: '2026-01-01T01:30:00.000Z',
    });
  });
});
