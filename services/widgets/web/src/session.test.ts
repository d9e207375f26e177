import { describe, expect, it, vi } from 'vitest';
import {
  SESSIONS,
  HEARTBEAT,
  OPEN,
  POST,
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

describe('start', () => {
  it('opens one session, saves its credentials and reports the page', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await Promise.all([chat.start(), chat.start()]);
    expect(server.bodies(SESSIONS)).toEqual([
      { clientToken: 'wgt_a', visitorToken: '', visitorSecret: '', context: { page: 'https://shop.example/' } },
    ]);
    expect([saved.visitor, saved.secret]).toEqual(['vis_a', 'secret_a']);
  });

  it('knows the usual reply time, unless the server has none or is of the version before', async () => {
    server.on(SESSIONS, session({ replySeconds: 60 }), session({ replySeconds: null }), session());
    const chat = newChat();
    await chat.start();
    expect(chat.replySeconds).toBe(60);
    for (let n = 0; n < 2; n++) {
      await chat.addContext({ n });
      expect(chat.replySeconds).toBeNull();
    }
  });

  it('can be repeated after a failure', async () => {
    server.on(SESSIONS, refused(503), session());
    const chat = newChat();
    await expect(chat.start()).rejects.toThrow('503');
    await chat.start();
    expect(saved.visitor).toBe('vis_a');
  });

  it('does not hide refusals of the session', async () => {
    server.on(SESSIONS, refused(403), session());
    await expect(newChat().start()).rejects.toThrow('403');
    expect(server.bodies(SESSIONS)).toHaveLength(1);
  });

  it('uses a secret that another page has stored during the request', async () => {
    saved.setCredentials('vis_a', '');
    server.on(
      SESSIONS,
      () => {
        new SavedState('wgt_a').setCredentials('vis_a', 'secret_b');
        return session({ visitorToken: 'vis_other', visitorSecret: 'secret_other' });
      },
      session({ visitorSecret: undefined }),
    );
    await newChat().start();
    expect(server.bodies(SESSIONS)[1]).toMatchObject({ visitorToken: 'vis_a', visitorSecret: 'secret_b' });
    expect([saved.visitor, saved.secret]).toEqual(['vis_a', 'secret_b']);
  });
});

describe('resume', () => {
  it('tries again until there is a session', async () => {
    saved.setCredentials('vis_a', 'secret_a');
    server.on(SESSIONS, new TypeError('network'), refused(503), session());
    const resumed = newChat().resume();
    await settle();
    await resumed;
    expect(server.bodies(SESSIONS)).toHaveLength(3);
  });

  it('gives up if the server refuses the chat', async () => {
    saved.setCredentials('vis_a', 'secret_a');
    server.on(SESSIONS, refused(403));
    await newChat().resume();
    expect(server.bodies(SESSIONS)).toHaveLength(1);
  });

  it('gives up if the page is refused again and again', async () => {
    saved.setCredentials('vis_a', 'secret_a');
    server.reachable = true;
    server.on(SESSIONS, new TypeError('CORS'));
    const resumed = newChat().resume();
    await settle();
    await resumed;
    expect(server.bodies(SESSIONS)).toHaveLength(4);
  });

  it('makes one attempt at a time, however often it is called', async () => {
    server.on(SESSIONS, refused(503), refused(503), session());
    const chat = newChat();
    const resumed = [chat.resume(), chat.resume(), chat.resume()];
    await settle();
    await Promise.all(resumed);
    expect(server.bodies(SESSIONS)).toHaveLength(3);
  });

  it('ends if another tab has forgotten the visitor', async () => {
    saved.setCredentials('vis_a', 'secret_a');
    const chat = await startedChat();
    server.on(SESSIONS, refused(503));
    chat.reset();
    saved.setCredentials('vis_a', 'secret_a');
    const resumed = chat.resume();
    await settle();
    new SavedState('wgt_a').forget();
    page.stored({ key: null });
    await settle();
    await resumed;
  });

  it('ends with the visitor', async () => {
    server.on(SESSIONS, refused(503));
    const chat = newChat();
    const resumed = chat.resume();
    await settle();
    chat.reset();
    await settle();
    await resumed;
  });
});

describe('reset', () => {
  it('forgets the visitor on the screen and in the storage', async () => {
    const chat = await startedChat();
    saved.asked = true;
    saved.addDraft({ id: 'd1', content: 'of the last person' });
    chat.reset();
    const { messages, visitor } = chat;
    expect([messages, chat.conversation, visitor, saved.visitor, saved.secret]).toEqual([[], null, '', '', '']);
    const stored = new SavedState('wgt_a');
    expect([stored.visitor, stored.secret, stored.outbox, stored.asked]).toEqual(['', '', [], false]);
  });

  it('ends the stream and the heartbeats', async () => {
    const chat = await startedChat();
    chat.reset();
    await vi.advanceTimersByTimeAsync(90_000);
    expect([server.connections, server.bodies(HEARTBEAT).length]).toEqual([1, 0]);
  });

  it('makes a call of before it fail', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    const identified = chat.identify({ userId: 7 });
    chat.reset();
    await expect(identified).rejects.toThrow('reset');
    expect([server.requests.length, saved.visitor]).toEqual([0, '']);
  });

  it('begins with a new visitor', async () => {
    const chat = await startedChat();
    chat.reset();
    server.on(SESSIONS, session({ visitorToken: 'vis_b' }));
    await chat.start();
    expect(server.bodies(SESSIONS)[1]).toMatchObject({ visitorToken: '', visitorSecret: '' });
    expect([saved.visitor, texts(chat)]).toEqual(['vis_b', []]);
  });
});

describe('heartbeat', () => {
  it('is sent every 30 seconds and tells whether agents are online', async () => {
    const chat = await startedChat();
    server.on(HEARTBEAT, { agentsOnline: false });
    await vi.advanceTimersByTimeAsync(90_000);
    expect(server.bodies(HEARTBEAT)).toHaveLength(3);
    expect(chat.agentsOnline).toBe(false);
  });

  it('is not sent while the page is hidden', async () => {
    await startedChat();
    page.hidden = true;
    await vi.advanceTimersByTimeAsync(90_000);
    expect(server.bodies(HEARTBEAT)).toHaveLength(0);
  });

  it('continues after a failure', async () => {
    const chat = await startedChat();
    server.on(HEARTBEAT, refused(503), { agentsOnline: false });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(chat.agentsOnline).toBe(false);
  });

  /** begunChat is a chat without a conversation, in which an agent then begins one. Sessions before say known. */
  async function begunChat(known: Record<string, unknown> = {}) {
    const heard: string[] = [];
    const begun = session({ conversation: conversation(), agentConversation: 'con_a' });
    server.on(SESSIONS, session(known), begun).on(news(0), newsOf([agentMessage(1)]));
    const chat = newChat((content) => heard.push(content));
    await chat.start();
    return { chat, heard };
  }

  it('shows the conversation that an agent has begun', async () => {
    const { chat, heard } = await begunChat({ agentConversation: null });
    server.on(HEARTBEAT, { agentsOnline: true, agentConversation: null }, { agentConversation: 'con_a' });
    await vi.advanceTimersByTimeAsync(30_100);
    expect([chat.unreadCount, server.connections]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(90_000);
    expect([chat.unreadCount, heard, server.connections, saved.thread]).toEqual([1, ['text 1'], 1, 'con_a']);
    expect(server.bodies(SESSIONS)).toHaveLength(2);
  });

  it('asks again if the session fails', async () => {
    const { chat } = await begunChat();
    server.on(SESSIONS, refused(503), session({ conversation: conversation(), agentConversation: 'con_a' }));
    server.on(HEARTBEAT, { agentConversation: 'con_a' });
    await vi.advanceTimersByTimeAsync(30_100);
    expect(chat.unreadCount).toBe(0);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(chat.unreadCount).toBe(1);
  });

  it.each([
    ['was begun before the session', { agentConversation: 'con_old' }],
    ['a server of the version before cannot say', {}],
  ])('asks for no conversation that %s', async (_case, beat) => {
    await begunChat({ agentConversation: 'con_old' });
    server.on(HEARTBEAT, beat);
    await vi.advanceTimersByTimeAsync(90_000);
    expect(server.bodies(SESSIONS)).toHaveLength(1);
  });

  it('shows what an agent has begun before the visitor is named, or goes to another page', async () => {
    const { chat, heard } = await begunChat();
    await chat.identify({ name: 'Vera' });
    await settle();
    expect([chat.unreadCount, heard, server.connections]).toEqual([1, ['text 1'], 1]);
  });

  it('has one timer, however often the session is lost', async () => {
    const chat = await startedChat();
    server.on(HEARTBEAT, { agentsOnline: true });
    for (let id = 2; id < 5; id++) {
      server.on(POST, refused(401), refused(404)).on(OPEN, { conversation: conversation(), message: message(id) });
      server.on(SESSIONS, session());
      chat.send('text');
      await settle();
    }
    expect(server.bodies(SESSIONS)).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(server.bodies(HEARTBEAT)).toHaveLength(1);
  });
});
