import { describe, expect, it } from 'vitest';
import { message, state, thread } from './fakes';
import { addMessage, assign, lastAnswer, markReadBy, readThread, unreadMessages } from './thread';

const ids = ({ messages }: { messages: { id: number }[] }) => messages.map((m) => m.id);

describe('readThread', () => {
  it('keeps the assignments, and the messages that arrived meanwhile', () => {
    const previous = state([message(9)], { assignments: [{ at: '2026-01-01', name: 'Ada' }] });
    const again = readThread(thread('con_a', [message(1)]), previous, [message(1), message(2)]);
    expect(again.assignments).toEqual([{ at: '2026-01-01', name: 'Ada' }]);
    expect(ids(again)).toEqual([1, 2]);
  });
});

describe('addMessage', () => {
  it('adds a message once, in the order of the ids', () => {
    const added = [3, 2, 2].reduce((s, id) => addMessage(s, message(id)), state([message(1)]));
    expect(ids(added)).toEqual([1, 2, 3]);
  });

  it('keeps the state if the message is there', () => {
    const before = state([message(1)]);
    expect(addMessage(before, message(1))).toBe(before);
  });
});

describe('assign', () => {
  it('notes an assignment after the earlier ones', () => {
    const both = assign(assign(state(), '1', 'Ada'), '2', 'Nils');
    expect(both.assignments).toEqual([
      { at: '1', name: 'Ada' },
      { at: '2', name: 'Nils' },
    ]);
  });
});

describe('read messages', () => {
  it('are those of the other side', () => {
    const before = state([message(1), message(2, { senderType: 'USER' }), message(3)]);
    expect(ids({ messages: unreadMessages(before) })).toEqual([1, 3]);
    expect(unreadMessages(markReadBy(before, 'VISITOR'))).toHaveLength(2);
    expect(unreadMessages(markReadBy(before, 'USER'))).toHaveLength(0);
    expect(unreadMessages(before)).toHaveLength(2);
  });
});

describe('lastAnswer', () => {
  it('is the newest message of an agent', () => {
    const own = { senderType: 'USER' } as const;
    expect(lastAnswer(state([message(1, own), message(2, own), message(3)]))?.id).toBe(2);
    expect(lastAnswer(state([message(1)]))).toBeUndefined();
  });
});
