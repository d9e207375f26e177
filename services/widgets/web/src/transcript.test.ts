import { describe, expect, it } from 'vitest';
import { agentMessage, attachment, message } from './fakes';
import { acknowledgeDraft, addDraft, markRead, mergeStored, unread, type ChatMessage } from './transcript';

const ids = (messages: ChatMessage[]) => messages.map((m) => m.id || m.key);

describe('mergeStored', () => {
  it('orders stored messages by id and puts them before drafts', () => {
    const messages: ChatMessage[] = [];
    addDraft(messages, { id: 'd1', content: 'draft' });
    for (const id of [3, 1, 2]) expect(mergeStored(messages, message(id))).toBe(true);
    expect(ids(messages)).toEqual([1, 2, 3, 'd1']);
  });

  it('updates a message that is there', () => {
    const messages: ChatMessage[] = [];
    mergeStored(messages, message(1));
    expect(mergeStored(messages, message(1, { read: true }))).toBe(false);
    expect(messages.map((m) => m.state)).toEqual(['read']);
  });

  it('keeps a message read, whatever a late response says', () => {
    const messages: ChatMessage[] = [];
    mergeStored(messages, message(1, { read: true }));
    mergeStored(messages, message(1));
    expect(messages.map((m) => m.state)).toEqual(['read']);
  });
});

describe('files', () => {
  it('are those of the stored message, and none if a server of the version before says nothing of them', () => {
    const messages: ChatMessage[] = [];
    mergeStored(messages, message(1, { attachments: [attachment(5, 'a.png')] }));
    mergeStored(messages, message(2));
    expect(messages.map((m) => m.files.map(({ id }) => id))).toEqual([[5], []]);
  });

  it('stay with a draft that is stored', () => {
    const messages: ChatMessage[] = [];
    addDraft(messages, { id: 'd1', content: 'a.png', files: [attachment(5, 'a.png')] });
    acknowledgeDraft(messages, messages[0]!, message(4));
    expect(messages[0]!.files).toHaveLength(1);
  });
});

describe('addDraft', () => {
  it('adds a draft once', () => {
    const messages: ChatMessage[] = [];
    for (const _ of [1, 2]) addDraft(messages, { id: 'd1', content: 'draft' });
    expect(messages).toMatchObject([{ key: 'd1', id: 0, from: 'VISITOR', state: 'sending' }]);
  });
});

describe('acknowledgeDraft', () => {
  it('keeps the key of the draft', () => {
    const messages: ChatMessage[] = [];
    addDraft(messages, { id: 'd1', content: 'draft' });
    acknowledgeDraft(messages, messages[0]!, message(4));
    const at = Date.parse(message(4).createdAt);
    expect(messages).toMatchObject([{ key: 'd1', id: 4, at, state: 'sent' }]);
  });

  it('puts the draft before the messages that were stored later', () => {
    const messages: ChatMessage[] = [];
    addDraft(messages, { id: 'd1', content: 'draft' });
    mergeStored(messages, message(5));
    acknowledgeDraft(messages, messages[1]!, message(4));
    expect(ids(messages)).toEqual([4, 5]);
  });

  it('removes the draft if the stored message is there', () => {
    const messages: ChatMessage[] = [];
    mergeStored(messages, message(4));
    addDraft(messages, { id: 'd1', content: 'draft' });
    acknowledgeDraft(messages, messages[1]!, message(4));
    expect(ids(messages)).toEqual([4]);
  });

  it('removes no other message if the draft was removed meanwhile', () => {
    const messages: ChatMessage[] = [];
    addDraft(messages, { id: 'd1', content: 'draft' });
    const [draft] = messages.splice(0);
    mergeStored(messages, message(4));
    acknowledgeDraft(messages, draft!, message(5));
    expect(ids(messages)).toEqual([4, 5]);
  });
});

describe('markRead', () => {
  it('marks one side only', () => {
    const messages: ChatMessage[] = [];
    mergeStored(messages, message(1));
    mergeStored(messages, agentMessage(2));
    markRead(messages, 'USER');
    expect([unread(messages, 'USER').length, unread(messages, 'VISITOR').length]).toEqual([0, 1]);
  });

  it('leaves drafts and failed messages alone', () => {
    const messages: ChatMessage[] = [];
    addDraft(messages, { id: 'd1', content: 'draft' });
    markRead(messages, 'VISITOR');
    expect(messages[0]!.state).toBe('sending');
  });
});
