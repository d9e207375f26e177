import { describe, expect, it } from 'vitest';
import { ada, conversation, loaded, message, nils, thread } from './fakes';
import { addMessage, evict, loadedThread, markReadBy, unreadMessages, updateConversation, type Draft } from './thread';

const draft: Draft = { id: 'd1', content: 'hello', state: 'failed', error: '' };

describe('loadedThread', () => {
  it('keeps the drafts and assignments, not the typing', () => {
    const previous = loaded('con_a', [], {
      drafts: [draft],
      assignments: [{ at: '2026-01-01', name: 'Ada' }],
      isVisitorTyping: true,
    });
    const again = loadedThread(thread('con_a', [message(1)]), previous);
    expect(again).toMatchObject({ drafts: [draft], assignments: [{ name: 'Ada' }], isVisitorTyping: false });
    expect(again.thread.messages).toHaveLength(1);
  });
});

describe('addMessage', () => {
  it('adds a message once', () => {
    const state = loaded('con_a', [message(1)]);
    for (const id of [1, 2, 2]) addMessage(state, message(id));
    expect(state.thread.messages.map((m) => m.id)).toEqual([1, 2]);
  });
});

describe('updateConversation', () => {
  it('notes another assignee', () => {
    const state = loaded('con_a');
    for (const assigneeId of [7, 7, 8]) {
      updateConversation(state, conversation('con_a', { assigneeId }), 'at ' + assigneeId, [ada, nils]);
    }
    expect(state.assignments).toEqual([
      { at: 'at 7', name: 'Ada' },
      { at: 'at 8', name: 'Nils' },
    ]);
  });

  it.each([null, 99])('notes nothing for the assignee %s', (assigneeId) => {
    const state = loaded('con_a');
    updateConversation(state, conversation('con_a', { assigneeId }), '', [ada]);
    expect(state.assignments).toEqual([]);
    expect(state.thread.conversation.assigneeId).toBe(assigneeId);
  });
});

describe('read messages', () => {
  it('are those of the other side', () => {
    const state = loaded('con_a', [message(1), message(2, { senderType: 'USER' }), message(3)]);
    expect(unreadMessages(state).map((m) => m.id)).toEqual([1, 3]);
    markReadBy(state, 'VISITOR');
    expect(unreadMessages(state)).toHaveLength(2);
    markReadBy(state, 'USER');
    expect(unreadMessages(state)).toHaveLength(0);
  });
});

describe('evict', () => {
  const threadsOf = () => new Map(['a', 'b', 'c', 'd'].map((token) => [token, loaded(token)]));

  it('removes the oldest ones, except the open one and those with drafts', () => {
    const threads = threadsOf();
    threads.get('a')!.drafts.push(draft);
    evict(threads, 2, 'b');
    expect([...threads.keys()]).toEqual(['a', 'b']);
  });

  it('removes nothing up to the bound', () => {
    const threads = threadsOf();
    evict(threads, 4, '');
    expect(threads.size).toBe(4);
  });
});
