import { describe, expect, it } from 'vitest';
import { SESSIONS, newsOf, saved, server, startedChat } from './fakechat';
import { agentMessage, conversation, message } from './fakes';

describe('an earlier conversation', () => {
  const path = 'GET /visitor/conversations/con_b/messages?after=';
  const markedRead = () => server.bodies('POST /visitor/conversations/con_b/read').length;

  it('is read completely, beside the current one, and reported as read', async () => {
    const chat = await startedChat();
    server
      .on(path + 0, newsOf([message(3)], { hasMore: true }))
      .on(path + 3, newsOf([agentMessage(4)], { users: [{ id: 7, name: 'Ada' }] }))
      .on('POST /visitor/conversations/con_b/read', null);
    const { messages, agents } = await chat.readConversation('con_b');
    expect(messages.map((m) => m.id)).toEqual([3, 4]);
    expect(agents.get(7)!.name).toBe('Ada');
    expect(chat.messages.map((m) => m.id)).toEqual([1]);
    expect(markedRead()).toBe(1);
  });

  it('ends at an empty page, and is not reported as read again', async () => {
    const chat = await startedChat();
    server
      .on(path + 0, newsOf([message(3), message(4, { senderType: 'USER', read: true })], { hasMore: true }))
      .on(path + 4, newsOf([], { hasMore: true }));
    expect((await chat.readConversation('con_b')).messages.length).toBe(2);
    expect(markedRead()).toBe(0);
  });

  it('is listed after a session that may replace the secret', async () => {
    const chat = await startedChat();
    server.on('GET /visitor/conversations?limit=50', { data: [] });
    chat.addContext({ a: 1 });
    expect(await chat.listConversations()).toEqual([]);
    expect(server.requests.slice(-2).map((r) => r.route)).toEqual([SESSIONS, 'GET /visitor/conversations?limit=50']);
  });

  it('becomes the current one if it is continued', async () => {
    const chat = await startedChat();
    server.on(path + 0, newsOf([message(3)], { conversation: conversation({ token: 'con_b' }) }));
    await chat.continueConversation('con_b');
    expect([chat.conversation!.token, saved.thread]).toEqual(['con_b', 'con_b']);
    expect(chat.messages.map((m) => m.id)).toEqual([3]);
  });
});
