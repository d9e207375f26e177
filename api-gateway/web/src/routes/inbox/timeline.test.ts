import { describe, expect, it } from 'vitest';
import type { Note } from '../../../../../libs/web/api';
import { message, state as stateOf } from '../../api/fakes';
import type { ThreadState } from '../../api/thread';
import { timeline } from './timeline';

const authors: Record<string, string> = { VISITOR: 'Vera', USER: 'Ada', SYSTEM: 'System' };

/** lines describes each entry in a few characters. */
function lines(state: ThreadState, hasDrafts = false, notes: Note[] = []): string[] {
  const entries = timeline(
    state,
    notes,
    hasDrafts,
    (m) => authors[m.senderType]!,
    (at) => at.slice(0, 10),
  );
  return entries.map((e) => {
    switch (e.kind) {
      case 'day':
        return e.day;
      case 'joined':
        return e.name + ' joined';
      case 'author':
        return `${e.name}, ${e.side}${e.isByProgram ? ', program' : ''}:`;
      case 'message':
        return e.message.content;
      case 'note':
        return 'note: ' + e.note.content;
      case 'read':
        return 'read';
    }
  });
}

const DAY = '2026-01-01';

describe('timeline', () => {
  it('is empty for an empty thread', () => {
    expect(lines(stateOf())).toEqual([]);
  });

  it('names the author once above consecutive messages', () => {
    expect(lines(stateOf([message(1), message(2), message(3, { senderType: 'SYSTEM' })]))).toEqual([
      DAY,
      'Vera, theirs:',
      'text 1',
      'text 2',
      'System, note:',
      'text 3',
    ]);
  });

  it('names the author again on another day', () => {
    const nextDay = message(2, { createdAt: '2026-01-02T00:00:00Z' });
    expect(lines(stateOf([message(1), nextDay]))).toEqual([
      DAY,
      'Vera, theirs:',
      'text 1',
      '2026-01-02',
      'Vera, theirs:',
      'text 2',
    ]);
  });

  it('has the private notes between the messages, and names the author again after them', () => {
    const note = (id: number, createdAt: string) => ({ id, createdAt, content: 'n' + id }) as Note;
    const notes = [note(1, '2026-01-01T00:00:01.5Z'), note(2, '2026-01-02T00:00:00Z')];
    expect(lines(stateOf([message(1), message(2)]), false, notes)).toEqual([
      DAY,
      'Vera, theirs:',
      'text 1',
      'note: n1',
      'Vera, theirs:',
      'text 2',
      '2026-01-02',
      'note: n2',
    ]);
  });

  it('says once that an agent has joined, at the assignment or else at the first message', () => {
    const messages = [message(1), message(3, { senderType: 'USER' }), message(4, { senderType: 'USER' })];
    const assignments = [{ at: '2026-01-01T00:00:02Z', name: 'Nils' }];
    expect(lines(stateOf(messages, { assignments }))).toEqual([
      DAY,
      'Vera, theirs:',
      'text 1',
      'Nils joined',
      'Ada joined',
      'Ada, own:',
      'text 3',
      'text 4',
    ]);
  });

  it('says that a program wrote for an agent, who has not joined by that', () => {
    const byProgram = message(1, { senderType: 'USER', byProgram: true });
    const messages = [byProgram, { ...byProgram, id: 2 }, message(3, { senderType: 'USER' })];
    expect(lines(stateOf(messages))).toEqual([
      DAY,
      'Ada, own, program:',
      'text 1',
      'text 1',
      'Ada joined',
      'Ada, own:',
      'text 3',
    ]);
  });

  it('shows assignments after the last message', () => {
    const assignments = [{ at: '2026-01-01T00:00:09Z', name: 'Nils' }];
    expect(lines(stateOf([message(1)], { assignments })).at(-1)).toBe('Nils joined');
  });

  it('says that the last own message is read', () => {
    const own = { senderType: 'USER', read: true } as const;
    const read = lines(stateOf([message(1, own), message(2, own), message(3)]));
    expect(read.filter((line) => line === 'read')).toHaveLength(1);
    expect(read.indexOf('read')).toBe(read.indexOf('text 2') + 1);
  });

  it.each([
    ['is unread', false, false],
    ['is followed by a draft', true, true],
  ])('does not say so if it %s', (_, read, hasDrafts) => {
    expect(lines(stateOf([message(1, { senderType: 'USER', read })]), hasDrafts)).not.toContain('read');
  });
});
