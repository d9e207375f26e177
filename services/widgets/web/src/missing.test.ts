// The ways in which a tab could miss a stored message of another tab, of another device or of an agent.
import { describe, expect, it } from 'vitest';
import {
  OPEN,
  POST,
  SESSIONS,
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
import { SavedState } from './storage';

const LIST = 'GET /visitor/conversations?limit=10';
const listOf = (...all: object[]) => ({ data: all.map((c) => ({ conversation: c, lastMessage: null })) });
const newsOfB = (after: number) => `GET /visitor/conversations/con_b/messages?after=${after}`;
const closed = conversation({ status: 'CLOSED' });
const other = conversation({ token: 'con_b' });

/** created is the event of a message. */
const created = (n: number, of = conversation()) =>
  server.emit('message.created', { conversation: of, message: agentMessage(n) });

/** later is a response that waits until its function is called. */
function later() {
  let respond = (_result: unknown) => {};
  const response = () => new Promise((resolve) => (respond = resolve));
  return { response, respond: (result: unknown) => respond(result) };
}

describe('no message is missing', () => {
  it('if an event arrives before a read succeeds', async () => {
    const chat = await startedChat();
    server.on(news(1), new TypeError('network'), newsOf([message(2), message(3)]));
    server.emit('ready', { resumed: false });
    created(3);
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent', 'text 3: sent']);
  });

  it('if an event arrives while the conversation of another tab is read in vain', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    const fail = () => {
      created(3);
      throw new TypeError('network');
    };
    server.on(news(0), fail, newsOf([message(1), message(2), agentMessage(3)]));
    new SavedState('wgt_a').thread = 'con_a';
    page.stored({ key: null });
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent', 'text 3: sent']);
  });

  it('if an event arrives between two pages', async () => {
    server.on(SESSIONS, session({ conversation: conversation() })).on(news(0), newsOf([message(1)]));
    const chat = newChat();
    await chat.start();
    server
      .on(news(1), () => {
        created(9);
        return newsOf([message(2)], { hasMore: true });
      })
      .on(news(2), newsOf([message(3), agentMessage(9)]));
    server.emit('ready', { resumed: false });
    await settle();
    expect(chat.messages.map((m) => m.id)).toEqual([1, 2, 3, 9]);
  });

  it('if the own message, which opened the conversation, is shown before the others', async () => {
    const chat = await startedChat();
    server.emit('conversation.updated', { conversation: closed });
    chat.leaveConversation();
    server
      .on(OPEN, () => {
        server.emit('message.created', { conversation: other, message: message(7, { content: 'mine' }) });
        return { conversation: other, message: message(7, { content: 'mine' }) };
      })
      .on(newsOfB(0), new TypeError('network'), newsOf([message(5), message(6), message(7)], { conversation: other }));
    chat.send('mine');
    await settle();
    created(8, other);
    await settle();
    expect(chat.messages.map((m) => m.id)).toEqual([5, 6, 7, 8]);
  });

  it('if another tab replaces the secret while a read is refused', async () => {
    const chat = await startedChat();
    server.on(news(1), refused(401), newsOf([message(2)]));
    server.emit('ready', { resumed: false });
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent']);
  });

  it('if a read of the last time is late', async () => {
    const chat = await startedChat();
    const late = later();
    server.on(news(1), late.response);
    server.emit('ready', { resumed: false });
    await settle();
    chat.leaveConversation();
    server.on(news(0), new TypeError('network'), newsOf([agentMessage(1), message(2), message(3)]));
    const continued = chat.continueConversation('con_a');
    late.respond(newsOf([message(3)]));
    await settle();
    await continued;
    expect(chat.messages.map((m) => m.id)).toEqual([1, 2, 3]);
  });

  it('if the stream of an earlier conversation has passed its event', async () => {
    const chat = await startedChat();
    server.emit('message.created', { conversation: other, message: message(5) }, '5');
    server.emit('conversation.updated', { conversation: closed }, '6');
    chat.leaveConversation();
    server.breakStream();
    await settle();
    server.on(OPEN, { conversation: other, message: message(6, { content: 'mine' }) });
    chat.send('mine');
    await settle();
    expect(server.lastEventId).toBe('');
  });

  it('if the page could not read the conversation of another person', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    server
      .on(SESSIONS, session({ visitorToken: 'vis_b', conversation: other }))
      .on(newsOfB(0), new TypeError('network'), newsOf([message(5)], { conversation: other }));
    await expect(chat.identify({ token: 'signed' })).rejects.toThrow('network');
    await settle();
    server.emit('ready', { resumed: false });
    await settle();
    expect(texts(chat)).toEqual(['text 5: sent']);
  });
});

describe('the conversation that another device has opened', () => {
  /** next makes another device open a conversation. */
  const next = async () => {
    server.on(newsOfB(0), newsOf([message(5)], { conversation: other }));
    server.emit('message.created', { conversation: other, message: message(5) });
    await settle();
  };

  it('is shown if a late response does not know of the end of this one', async () => {
    const chat = await startedChat();
    const late = later();
    server.on(news(1), late.response);
    server.emit('ready', { resumed: false });
    server.emit('conversation.updated', { conversation: closed });
    late.respond(newsOf());
    await settle();
    await next();
    expect(texts(chat)).toEqual(['text 5: sent']);
  });

  it('is shown if an event waited for a message while this one ended', async () => {
    const chat = await startedChat();
    server.on(POST, () => {
      server.emit('message.created', { conversation: conversation(), message: message(2) });
      server.emit('conversation.updated', { conversation: closed });
      return message(3, { content: 'mine' });
    });
    chat.send('mine');
    await settle();
    await next();
    expect(texts(chat)).toEqual(['text 5: sent']);
  });

  it('is shown if its event arrives before that of the end of this one', async () => {
    const chat = await startedChat();
    server.on(news(1), newsOf([], { conversation: closed })).on(LIST, listOf(closed, other));
    await next();
    expect(texts(chat)).toEqual(['text 5: sent']);
  });

  it.each([
    ['the stream begins', closed],
    ['events are missing, also those of the end of this one', conversation()],
  ])('is shown if it was opened before %s', async (_case, known) => {
    const chat = await startedChat();
    server.emit('conversation.updated', { conversation: known });
    server
      .on(news(1), newsOf([], { conversation: closed }))
      .on(LIST, new TypeError('network'), listOf(closed, other))
      .on(newsOfB(0), newsOf([message(5)], { conversation: other }));
    server.emit('ready', { resumed: false });
    await settle();
    expect([texts(chat), saved.thread]).toEqual([['text 5: sent'], 'con_b']);
  });

  it('is not shown if it has ended too, or if the visitor has begun anew meanwhile', async () => {
    const chat = await startedChat();
    const late = later();
    server
      .on(news(1), newsOf([], { conversation: closed }))
      .on(LIST, listOf(conversation({ token: 'con_b', status: 'CLOSED' })), late.response);
    for (const isLeft of [false, true]) {
      server.emit('ready', { resumed: false });
      await settle();
      if (isLeft) chat.leaveConversation();
    }
    late.respond(listOf(closed, other));
    await settle();
    expect(chat.conversation).toBe(null);
  });

  it('stays if a session of before is answered', async () => {
    const chat = await startedChat();
    const late = later();
    server.on(SESSIONS, late.response);
    const updated = chat.addContext({ cart: 1 });
    await settle();
    server.emit('conversation.updated', { conversation: closed });
    await next();
    late.respond(session({ conversation: conversation() }));
    await updated;
    await settle();
    expect([texts(chat), saved.thread]).toEqual([['text 5: sent'], 'con_b']);
  });

  it('stays if the one before does not exist any more', async () => {
    const chat = await startedChat();
    server.emit('conversation.updated', { conversation: closed });
    chat.leaveConversation();
    let refuse = () => {};
    server.on(news(0), () => new Promise((_resolve, reject) => (refuse = () => reject(refused(404)))));
    const continued = chat.continueConversation('con_a');
    await settle();
    server.emit('conversation.updated', { conversation: closed });
    await next();
    refuse();
    await continued;
    await settle();
    expect([texts(chat), saved.thread]).toEqual([['text 5: sent'], 'con_b']);
  });
});
