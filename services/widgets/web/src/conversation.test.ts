import { describe, expect, it, vi } from 'vitest';
import {
  SESSIONS,
  POST,
  READ,
  CLOSE,
  newChat,
  newsOf,
  news,
  page,
  refused,
  saved,
  server,
  session,
  settle,
  startedChat,
  texts,
} from './fakechat';
import { agentMessage, conversation, message } from './fakes';

describe('the conversation of an earlier page', () => {
  it('is continued', async () => {
    const chat = await startedChat();
    expect(texts(chat)).toEqual(['text 1: sent']);
    expect(server.connections).toBe(1);
  });

  it('is read completely', async () => {
    server
      .on(SESSIONS, session({ conversation: conversation() }))
      .on(news(0), newsOf([message(1)], { hasMore: true }))
      .on(news(1), newsOf([message(2)]));
    const chat = newChat();
    await chat.start();
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent']);
  });

  it('ends at an empty page of messages, whatever it promises', async () => {
    server
      .on(SESSIONS, session({ conversation: conversation() }))
      .on(news(0), newsOf([], { hasMore: true }), new Error('asked again'));
    await newChat().start();
  });
});

describe('news', () => {
  it('are read again until nothing is missing', async () => {
    const chat = await startedChat();
    server.on(news(1), new TypeError('network'), refused(503), newsOf([agentMessage(2)]));
    server.emit('ready', { resumed: false });
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent']);
  });

  it('of a conversation that was left meanwhile are not shown', async () => {
    const chat = await startedChat();
    let respond = (_news: unknown) => {};
    server.on(news(1), () => new Promise((resolve) => (respond = resolve)));
    server.emit('ready', { resumed: false });
    await settle();
    chat.leaveConversation();
    respond(newsOf([agentMessage(2)]));
    await settle();
    expect([texts(chat), chat.conversation]).toEqual([[], null]);
  });

  it('of a conversation that another device has opened are shown after this one has ended', async () => {
    const chat = await startedChat();
    const other = conversation({ token: 'con_b' });
    server.on('GET /visitor/conversations/con_b/messages?after=0', newsOf([message(5)], { conversation: other }));
    const opened = { conversation: other, message: message(5) };
    server.emit('message.created', opened);
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent']);
    server.emit('conversation.updated', { conversation: conversation({ status: 'CLOSED' }) });
    server.emit('message.created', opened);
    await settle();
    expect([texts(chat), saved.thread]).toEqual([['text 5: sent'], 'con_b']);
  });
});

describe('events', () => {
  it('shows a new message of an agent and asks for the agent’s name', async () => {
    const heard = vi.fn();
    const chat = await startedChat(heard);
    server.on(news(1), newsOf([agentMessage(2)], { users: [{ id: 7, name: 'Ada' }] }));
    server.emit('message.created', { conversation: conversation(), message: agentMessage(2) });
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent']);
    expect(chat.agents.get(7)!.name).toBe('Ada');
    expect(heard.mock.calls).toEqual([['text 2']]);
  });

  it('shows an agent’s message without a name if the request for it fails', async () => {
    const chat = await startedChat();
    server.emit('message.created', { conversation: conversation(), message: agentMessage(2) });
    await settle();
    expect(texts(chat)).toHaveLength(2);
    expect(chat.agents.size).toBe(0);
  });

  it('shows a repeated message once', async () => {
    const heard = vi.fn();
    const chat = await startedChat(heard);
    for (const _ of [1, 2]) {
      server.emit('message.created', { conversation: conversation(), message: agentMessage(2) });
    }
    expect(chat.messages).toHaveLength(2);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  it('ignores other conversations', async () => {
    const chat = await startedChat();
    const other = conversation({ token: 'con_b', status: 'CLOSED' });
    server.emit('message.created', { conversation: other, message: agentMessage(2) });
    server.emit('conversation.updated', { conversation: other });
    server.emit('typing', { conversationToken: 'con_b', sender: 'USER', typing: true });
    expect([chat.messages.length, chat.conversation!.status, chat.agentTyping]).toEqual([1, 'OPEN', undefined]);
  });

  it('follows the status of the conversation', async () => {
    const chat = await startedChat();
    server.emit('conversation.updated', { conversation: conversation({ status: 'CLOSED' }) });
    expect(chat.conversation!.status).toBe('CLOSED');
  });

  it('marks messages as read if the other side reads them, in whatever tab', async () => {
    const chat = await startedChat();
    server.on(POST, message(2));
    chat.send('one');
    await settle();
    server.emit('conversation.read', { conversation: conversation(), reader: 'VISITOR' });
    expect(texts(chat)).toEqual(['text 1: read', 'one: sent']);
    server.emit('conversation.read', { conversation: conversation(), reader: 'USER' });
    expect(texts(chat)).toEqual(['text 1: read', 'one: read']);
  });

  it('shows that an agent types for 7 seconds, unless the agent’s message arrives', async () => {
    const chat = await startedChat();
    const typing = () => server.emit('typing', { conversationToken: 'con_a', sender: 'USER', typing: true });
    typing();
    expect(chat.agentTyping).toBe(true);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(chat.agentTyping).toBe(false);
    typing();
    server.emit('message.created', { conversation: conversation(), message: agentMessage(2) });
    expect(chat.agentTyping).toBe(false);
  });

  it('does not show the visitor’s own typing', async () => {
    const chat = await startedChat();
    server.emit('typing', { conversationToken: 'con_a', sender: 'VISITOR', typing: true });
    expect(chat.agentTyping).toBeFalsy();
  });

  it('reads the news if the stream could not resume, and not if it could', async () => {
    const chat = await startedChat();
    server.on(news(1), newsOf([message(2)]));
    server.emit('ready', { resumed: true });
    await settle();
    expect(chat.messages).toHaveLength(1);
    server.emit('ready', { resumed: false });
    await settle();
    expect(chat.messages).toHaveLength(2);
  });

  it('reconnects and reads the news after the stream has broken', async () => {
    const chat = await startedChat();
    server.on(news(1), newsOf([message(2)]));
    server.breakStream();
    await settle();
    expect(server.connections).toBe(2);
    expect(chat.messages).toHaveLength(2);
  });

  it('reconnects if the news cannot be read', async () => {
    await startedChat();
    server.on(news(1), refused(503));
    server.breakStream();
    await settle();
    expect(server.connections).toBe(2);
  });
});

describe('markRead', () => {
  it('reports the agents’ messages as read when the chat is visible', async () => {
    const chat = await startedChat();
    chat.isVisible = true;
    chat.markRead();
    expect(chat.unreadCount).toBe(0);
    expect(server.bodies(READ)).toHaveLength(1);
    chat.markRead();
    expect(server.bodies(READ)).toHaveLength(1);
  });

  it.each([
    ['chat is closed', false, false],
    ['page is hidden', true, true],
  ])('reports nothing while the %s', async (_, isVisible, isHidden) => {
    const chat = await startedChat();
    chat.isVisible = isVisible;
    page.hidden = isHidden;
    chat.markRead();
    expect(chat.unreadCount).toBe(1);
    expect(server.bodies(READ)).toHaveLength(0);
  });
});

describe('after the conversation', () => {
  it('keeps the rating', async () => {
    const chat = await startedChat();
    server.on('POST /conversations/con_a/rate', conversation({ rating: 4 }));
    await chat.rate(4, '');
    expect(chat.conversation!.rating).toBe(4);
    expect(server.bodies('POST /conversations/con_a/rate')).toEqual([{ rating: 4 }]);
  });

  it('fails if the server refuses the rating', async () => {
    const chat = await startedChat();
    server.on('POST /conversations/con_a/rate', refused(409));
    await expect(chat.rate(4, 'Quick!')).rejects.toThrow('409');
    expect(chat.conversation!.rating).toBeNull();
  });

  it('is ended by the visitor', async () => {
    const chat = await startedChat();
    server.on(CLOSE, conversation({ status: 'CLOSED' }));
    await chat.close();
    expect(chat.conversation!.status).toBe('CLOSED');
  });

  it('stays open if the server refuses to end it', async () => {
    const chat = await startedChat();
    server.on(CLOSE, refused(503));
    await expect(chat.close()).rejects.toThrow('503');
    expect(chat.conversation!.status).toBe('OPEN');
  });

  it('starts an empty conversation', async () => {
    const chat = await startedChat();
    chat.leaveConversation();
    expect([chat.messages, chat.conversation]).toEqual([[], null]);
  });
});

describe('a conversation that has ended', () => {
  const ended = (hoursAgo: number) =>
    conversation({ status: 'CLOSED', closedAt: new Date(Date.now() - hoursAgo * 3_600_000).toISOString() });

  const nextPage = async (fields: object, ...messages: unknown[]) => {
    saved.setCredentials('vis_a', 'vsec_a');
    saved.thread = 'con_a';
    server.on(SESSIONS, session()).on(news(0), newsOf(messages, fields));
    const chat = newChat();
    await chat.start();
    return chat;
  };

  it('is shown on the next page, with what the visitor has not read', async () => {
    const chat = await nextPage({ conversation: ended(1) }, message(1), agentMessage(2));
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent']);
    expect(chat.conversation!.status).toBe('CLOSED');
    expect(chat.unreadCount).toBe(1);
    chat.leaveConversation();
    expect(saved.thread).toBe('');
  });

  it('is left after a week, if all is read', async () => {
    const read = message(1, { read: true });
    expect((await nextPage({ conversation: ended(200) }, read)).conversation).toBe(null);
    expect((await nextPage({ conversation: ended(200) }, read, agentMessage(2))).conversation).not.toBe(null);
  });

  it('is left if it was erased', async () => {
    server.on(news(0), refused(404));
    saved.setCredentials('vis_a', 'vsec_a');
    saved.thread = 'con_a';
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    expect([chat.conversation, saved.thread]).toEqual([null, '']);
  });
});

describe('responses that are late', () => {
  it('do not bring back a conversation that the visitor has left', async () => {
    const chat = await startedChat();
    let respond = (_c: unknown) => {};
    server.on('POST /conversations/con_a/rate', () => new Promise((resolve) => (respond = resolve)));
    const rated = chat.rate(5, '');
    await settle();
    chat.leaveConversation();
    respond(conversation({ status: 'CLOSED', rating: 5 }));
    await rated;
    expect(chat.conversation).toBe(null);
  });

  it('do not hide that an agent has read the message', async () => {
    const chat = await startedChat();
    let respond = (_m: unknown) => {};
    server.on(POST, () => new Promise((resolve) => (respond = resolve)));
    chat.send('one');
    await settle();
    server.emit('conversation.read', { conversation: conversation(), reader: 'USER' });
    respond(message(2));
    await settle();
    expect(texts(chat)[1]).toBe('one: read');
  });
});
