import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame } from '../../../../libs/web/sse';
import { httpError, type Api } from './api';
import { Chat } from './chat';
import { agentMessage, conversation, FakePage, FakeServer, message, storageOf } from './fakes';
import { refresh } from './share';
import { SavedState } from './storage';

const SESSIONS = 'POST /visitor/sessions';
const HEARTBEAT = 'POST /visitor/heartbeat';
const OPEN = 'POST /visitor/conversations';
const POST = 'POST /visitor/conversations/con_a/messages';
const READ = 'POST /visitor/conversations/con_a/read';
const CLOSE = 'POST /visitor/conversations/con_a/close';
const TYPING = 'POST /visitor/conversations/con_a/typing';
const news = (after: number) => `GET /visitor/conversations/con_a/messages?after=${after}`;

/** visitorIds are those of the visitors whose tokens they are. */
const visitorIds: Record<string, number> = { vis_a: 1, vis_b: 2, vis_other: 3 };

const session = (fields: { visitorToken?: string } & Record<string, unknown> = {}) => ({
  visitor: { id: visitorIds[fields.visitorToken || 'vis_a'] },
  visitorToken: 'vis_a',
  visitorSecret: 'secret_a',
  agentsOnline: true,
  conversation: null,
  ...fields,
});
const newsOf = (messages: unknown[] = [], fields: object = {}) => ({
  conversation: conversation(),
  messages,
  users: [],
  hasMore: false,
  ...fields,
});
const refused = (status: number) => httpError(status, '/');

let server: FakeServer;
let page: FakePage;
let saved: SavedState;

function newChat(onAgentMessage: (content: string) => void = () => {}) {
  return new Chat(server as unknown as Api, page, 'wgt_a', saved, () => {}, onAgentMessage);
}

/** startedChat has a conversation with an agent's message of an earlier page, and an open event stream. */
async function startedChat(onAgentMessage?: (content: string) => void) {
  server.on(SESSIONS, session({ conversation: conversation() })).on(news(0), newsOf([agentMessage(1)]));
  const chat = newChat(onAgentMessage);
  await chat.start();
  return chat;
}

/** settle lets the pending requests and retries finish. */
const settle = () => vi.advanceTimersByTimeAsync(100);
const texts = (chat: Chat) => chat.messages.map((m) => `${m.content}: ${m.state}`);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('localStorage', storageOf());
  server = new FakeServer();
  page = new FakePage();
  saved = new SavedState('wgt_a');
});

afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

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

  it('continues the conversation of an earlier page', async () => {
    const chat = await startedChat();
    expect(texts(chat)).toEqual(['text 1: sent']);
    expect(server.connections).toBe(1);
  });

  it('reads all pages of messages', async () => {
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

  it('sends the drafts of an earlier page', async () => {
    saved.addDraft({ id: 'd1', content: 'hello' });
    server
      .on(SESSIONS, session())
      .on(OPEN, { conversation: conversation(), message: message(5, { content: 'hello' }) });
    const chat = newChat();
    await chat.start();
    await settle();
    expect(texts(chat)).toEqual(['hello: sent']);
    expect(saved.outbox).toEqual([]);
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

describe('a stream that tabs share', () => {
  it('resumes after the last event that another tab has relayed', async () => {
    page.share = (_name, ended, lead, receive) => {
      receive({ id: '7', event: 'typing', data: { data: {} } } as unknown as Frame);
      return lead(receive, ended);
    };
    await startedChat();
    expect(server.lastEventId).toBe('7');
  });

  it('belongs to the visitor', async () => {
    const names: string[] = [];
    page.share = (name, ended) => {
      names.push(name);
      return new Promise((resolve) => ended.addEventListener('abort', () => resolve()));
    };
    const chat = await startedChat();
    chat.reset();
    server.on(SESSIONS, session({ visitorToken: 'vis_b', conversation: conversation() }));
    await chat.start();
    await settle();
    expect(names).toEqual(['fivechat:vis_a', 'fivechat:vis_b']);
  });

  it('tells the other tabs to read the news if it breaks', async () => {
    const relayed: Frame[] = [];
    page.share = (_name, ended, lead, receive) =>
      lead((frame) => {
        relayed.push(frame);
        receive(frame);
      }, ended);
    await startedChat();
    server.breakStream();
    await settle();
    expect(relayed).toEqual([refresh]);
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

describe('identify', () => {
  it('is said by the next session if this one fails, unless the server refuses it', async () => {
    server.on(SESSIONS, new TypeError('network'), refused(403), session());
    const chat = newChat();
    await expect(chat.identify({ name: 'Vera' })).rejects.toThrow('network');
    await expect(chat.start()).rejects.toThrow('403');
    await chat.start();
    expect(server.bodies(SESSIONS).map((b) => b.name)).toEqual(['Vera', 'Vera', undefined]);
  });

  it('shortens the name to 100 characters and sends the other members as context', async () => {
    server.on(SESSIONS, session());
    await newChat().identify({ name: 'x'.repeat(101), plan: 'gold' });
    expect(server.bodies(SESSIONS)).toMatchObject([{ name: 'x'.repeat(100), context: { plan: 'gold' } }]);
  });

  it('sends no name if there is none', async () => {
    server.on(SESSIONS, session());
    await newChat().identify({ plan: 'gold' });
    expect(server.bodies(SESSIONS)[0]).not.toHaveProperty('name');
  });

  it('fails if the session fails, and does not block the next call', async () => {
    server.on(SESSIONS, session(), refused(503), session());
    const chat = newChat();
    await chat.start();
    await expect(chat.identify({ name: 'Vera' })).rejects.toThrow('503');
    await chat.identify({ name: 'Nils' });
    expect(server.bodies(SESSIONS)[2]).toMatchObject({ name: 'Nils' });
  });
});

describe('addContext', () => {
  it('waits for the first session, beside what identify says', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.addContext({ cart: 2 });
    expect(server.requests).toEqual([]);
    await chat.identify({ name: 'Vera', plan: 'gold' });
    const context = { page: 'https://shop.example/', cart: 2, plan: 'gold' };
    expect(server.bodies(SESSIONS)).toMatchObject([{ name: 'Vera', context }]);
  });

  it('is sent at once if there is a session', async () => {
    const chat = await startedChat();
    await chat.addContext({ cart: 3 });
    expect(server.bodies(SESSIONS)[1]!.context).toEqual({ cart: 3 });
  });
});

describe('identify as a user of the website', () => {
  const claim = { userId: 7, email: 'v@customer.example', token: 'jwt', plan: 'gold' };

  it('sends the claim in the first session, and neither token nor hash as context', async () => {
    server.on(SESSIONS, session());
    await newChat().identify({ ...claim, userHash: 'abc' });
    expect(server.bodies(SESSIONS)).toMatchObject([
      { identity: { userId: '7', email: 'v@customer.example', token: 'jwt', userHash: 'abc' } },
    ]);
    expect(server.bodies(SESSIONS)[0]!.context).toEqual({
      page: 'https://shop.example/',
      userId: 7,
      email: 'v@customer.example',
      plan: 'gold',
    });
  });

  it('sends no claim without a user', async () => {
    server.on(SESSIONS, session());
    await newChat().identify({ email: 'v@customer.example', userId: null });
    expect(server.bodies(SESSIONS)[0]).not.toHaveProperty('identity');
  });

  it('keeps the visitor if the server refuses the claim', async () => {
    const chat = await startedChat();
    server.on(SESSIONS, refused(400));
    await expect(chat.identify(claim)).rejects.toThrow('400');
    expect([saved.visitor, texts(chat)]).toEqual(['vis_a', ['text 1: sent']]);
  });

  it('keeps the thread of the same person', async () => {
    const chat = await startedChat();
    await chat.identify(claim);
    expect(texts(chat)).toEqual(['text 1: sent']);
  });

  it('shows only the thread of the person that the server answers with', async () => {
    const heard = vi.fn();
    const chat = await startedChat(heard);
    saved.asked = true;
    saved.addDraft({ id: 'd1', content: 'of the last person' });
    const other = conversation({ token: 'con_b' });
    server
      .on(SESSIONS, session({ visitorToken: 'vis_b', visitorSecret: 'secret_b', conversation: other }))
      .on('GET /visitor/conversations/con_b/messages?after=0', newsOf([agentMessage(9)], { conversation: other }));
    await chat.identify(claim);
    expect([texts(chat), saved.visitor, saved.secret]).toEqual([['text 9: sent'], 'vis_b', 'secret_b']);
    expect([saved.outbox, saved.asked, heard.mock.calls]).toEqual([[], false, []]);
    await settle();
    expect(server.connections).toBe(2);
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

describe('send', () => {
  it('sends the drafts of an earlier page first, also if this page has no session yet', async () => {
    saved.addDraft({ id: 'd1', content: 'one' });
    server
      .on(SESSIONS, new TypeError('network'), session())
      .on(OPEN, { conversation: conversation(), message: message(1) })
      .on(POST, message(2));
    const chat = newChat();
    await expect(chat.start()).rejects.toThrow('network');
    chat.send('two');
    await settle();
    expect(texts(chat)).toEqual(['one: sent', 'two: sent']);
  });

  it('goes again to the conversation of the first attempt, which may know it', async () => {
    const chat = await startedChat();
    let isBroken = true;
    server.on(POST, () => (isBroken ? new TypeError('network') : message(2)));
    server.on(news(0), newsOf([message(1), message(2)], { conversation: conversation({ status: 'CLOSED' }) }));
    chat.send('one');
    await vi.advanceTimersByTimeAsync(0);
    chat.leaveConversation();
    isBroken = false;
    await settle();
    expect([texts(chat), saved.thread]).toEqual([['text 1: sent', 'text 2: sent'], 'con_a']);
    expect(server.bodies(OPEN)).toEqual([]);
  });

  it('is not shown twice if another tab has sent it meanwhile', async () => {
    const chat = await startedChat();
    server.on(POST, () => {
      new SavedState('wgt_a').removeDraft(saved.outbox[0]!.id);
      page.stored({ key: null });
      return new TypeError('network');
    });
    chat.send('one');
    await settle();
    server.emit('message.created', { conversation: conversation(), message: message(2) });
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent']);
  });

  it('is not shown in another conversation than its own', async () => {
    const chat = await startedChat();
    saved.addDraft({ id: 'd1', content: 'one' });
    saved.bindDraft(saved.outbox[0]!, 'con_b');
    server.on('POST /visitor/conversations/con_b/messages', message(2)).on(POST, message(3));
    chat.send('two');
    await settle();
    expect(server.bodies(POST)).toMatchObject([{ content: 'two' }]);
    expect(texts(chat)).toEqual(['text 1: sent', 'two: sent']);
  });

  it('opens a conversation with the first message and posts the next one into it', async () => {
    server
      .on(SESSIONS, session())
      .on(OPEN, { conversation: conversation(), message: message(1) })
      .on(POST, message(2));
    const chat = newChat();
    expect(chat.send('one')).toBe(true);
    expect(texts(chat)).toEqual(['one: sending']);
    await settle();
    chat.send('two');
    await settle();
    expect(texts(chat)).toEqual(['one: sent', 'two: sent']);
    expect(server.bodies(OPEN)[0]).toMatchObject({ content: 'one' });
    expect(saved.outbox).toEqual([]);
  });

  it('repeats a failed attempt with the same id', async () => {
    const chat = await startedChat();
    server.on(POST, refused(503), refused(429), new Error('network'), message(2));
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'one: sent']);
    expect(new Set(server.bodies(POST).map((b) => b.clientMessageId)).size).toBe(1);
    expect(chat.sendFailed).toBe(false);
  });

  it('reports that an attempt has failed', async () => {
    const chat = await startedChat();
    server.on(POST, refused(503));
    chat.send('one');
    await settle();
    expect(chat.sendFailed).toBe(true);
    expect(saved.outbox).toHaveLength(1);
  });

  it('gives up a message that the server refuses, until the visitor retries it', async () => {
    const chat = await startedChat();
    server.on(POST, refused(422), message(2));
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'one: failed']);
    chat.retry(chat.messages[1]!);
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'one: sent']);
  });

  it('says that the chat is unavailable while the team blocks the visitor', async () => {
    const chat = await startedChat();
    server.on(POST, refused(403), message(2));
    chat.send('one');
    await settle();
    expect([chat.isUnavailable, ...texts(chat)]).toEqual([true, 'text 1: sent', 'one: failed']);
    chat.retry(chat.messages[1]!);
    await settle();
    expect([chat.isUnavailable, ...texts(chat)]).toEqual([false, 'text 1: sent', 'one: sent']);
  });

  it('sends the messages after a refused one', async () => {
    const chat = await startedChat();
    server.on(POST, refused(422), message(2));
    chat.send('one');
    chat.send('two');
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'two: sent', 'one: failed']);
  });

  it('opens a new conversation if the server does not know the old one', async () => {
    const chat = await startedChat();
    server.on(POST, refused(404)).on(OPEN, { conversation: conversation({ token: 'con_b' }), message: message(2) });
    chat.send('one');
    await settle();
    expect(chat.conversation!.token).toBe('con_b');
  });

  it('refuses a message if the outbox is full', async () => {
    server.on(SESSIONS, refused(503));
    const chat = newChat();
    for (let n = 0; n < 50; n++) expect(chat.send('text')).toBe(true);
    expect(chat.send('one too many')).toBe(false);
    expect(chat.messages).toHaveLength(50);
  });

  it('shows a message once if another page has sent it', async () => {
    const chat = await startedChat();
    server.on(POST, message(1));
    chat.send('one');
    await settle();
    expect(chat.messages.map((m) => m.id)).toEqual([1]);
  });

  it('shows a message once if its event arrives before the response', async () => {
    const chat = await startedChat();
    const own = message(2, { content: 'one' });
    server.on(POST, () => {
      server.emit('message.created', { conversation: conversation(), message: own });
      expect(texts(chat)).toEqual(['text 1: sent', 'one: sending']);
      return own;
    });
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'one: sent']);
  });

  it('shows a message of another page that arrives during the request', async () => {
    const chat = await startedChat();
    server.on(POST, () => {
      server.emit('message.created', { conversation: conversation(), message: message(2) });
      return message(3, { content: 'one' });
    });
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent', 'one: sent']);
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

describe('reportTyping', () => {
  it('is sent at most every 3 seconds, and once at the end', async () => {
    const chat = await startedChat();
    chat.reportTyping(true);
    chat.reportTyping(true);
    await vi.advanceTimersByTimeAsync(3_000);
    chat.reportTyping(true);
    chat.reportTyping(false);
    chat.reportTyping(false);
    expect(server.bodies(TYPING).map((b) => b.typing)).toEqual([true, true, false]);
  });

  it('is not sent without a conversation', () => {
    newChat().reportTyping(true);
    expect(server.requests).toEqual([]);
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

  it('creates a ticket, without the e-mail address if there is none', async () => {
    const chat = await startedChat();
    server.on('POST /internal/visitors/tickets', {});
    await chat.createTicket('A chart', '', 'Please.');
    expect(server.bodies('POST /internal/visitors/tickets')).toEqual([{ title: 'A chart', description: 'Please.' }]);
  });

  it('fails if the server refuses the ticket', async () => {
    const chat = await startedChat();
    server.on('POST /internal/visitors/tickets', refused(422));
    await expect(chat.createTicket('A chart', 'x', '')).rejects.toThrow('422');
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

describe('a session that replaces the secret', () => {
  it('is waited for by messages', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    let used = '';
    const later = { ...session(), visitorSecret: 'vsec_new' };
    server.on(SESSIONS, () => new Promise((resolve) => setTimeout(() => resolve(later), 50)));
    server.on(OPEN, () => {
      used = saved.secret;
      return { conversation: conversation(), message: message(1) };
    });
    chat.identify({ token: 'signed' });
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['one: sent']);
    expect(used).toBe('vsec_new');
  });

  it('makes a refused message repeat with the new secret', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    const { visitor } = saved;
    server.on(
      OPEN,
      () => {
        new SavedState('wgt_a').setCredentials(visitor, 'vsec_other_tab');
        throw refused(401);
      },
      { conversation: conversation(), message: message(1) },
    );
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['one: sent']);
    expect([saved.visitor, saved.secret]).toEqual([visitor, 'vsec_other_tab']);
    expect(server.bodies(SESSIONS)).toHaveLength(1);
  });
});

describe('identify while a session begins', () => {
  it('is not lost with a session that is refused', async () => {
    server.on(SESSIONS, refused(403), session());
    const chat = newChat();
    const begun = chat.start();
    const identified = chat.identify({ token: 'signed' });
    await expect(begun).rejects.toThrow();
    await identified;
    expect(server.bodies(SESSIONS)[1]).toMatchObject({ identity: { token: 'signed' } });
    expect(chat.isUnavailable).toBe(false);
  });

  it('takes the unsent messages of the last person with it', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    server.on(
      SESSIONS,
      () => new Promise((resolve) => setTimeout(() => resolve(session({ visitorToken: 'vis_b' })), 50)),
    );
    chat.identify({ token: 'of another person' });
    chat.send('of the last person');
    await settle();
    expect(server.bodies(OPEN)).toEqual([]);
    expect([texts(chat), saved.outbox]).toEqual([[], []]);
  });
});

describe('tabs', () => {
  it('drops a message that another tab has sent', async () => {
    saved.addDraft({ id: 'a', content: 'A' });
    server.on(SESSIONS, session()).on(OPEN, new Error('network'));
    const chat = newChat();
    await chat.start();
    await settle();
    expect(texts(chat)).toEqual(['A: sending']);
    server.on(OPEN, () => new Promise(() => {}));
    new SavedState('wgt_a').removeDraft('a');
    new SavedState('wgt_a').thread = 'con_a';
    server.on(news(0), newsOf([message(1)]));
    await settle();
    page.stored({ key: 'fivechat:wgt_a:thread' });
    await settle();
    expect(texts(chat).filter((t) => t.startsWith('text 1'))).toHaveLength(1);
  });

  it('ignores what other scripts store', async () => {
    server.on(SESSIONS, session());
    newChat();
    saved.setCredentials('vis_a', 'secret_a');
    page.stored({ key: 'analytics' });
    await settle();
    expect(server.bodies(SESSIONS)).toEqual([]);
  });

  /** otherTab stores something as another tab of the browser does. */
  const otherTab = async (store: (saved: SavedState) => void) => {
    store(new SavedState('wgt_a'));
    page.stored({ key: 'fivechat:wgt_a' });
    await settle();
  };

  it('shows the conversation that another tab has opened', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    expect(chat.conversation).toBe(null);
    server.on(news(0), newsOf([message(1), agentMessage(2)]));
    await otherTab((s) => (s.thread = 'con_a'));
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent']);
    expect(server.connections).toBe(1);
  });

  it('writes into the conversation that another tab has opened meanwhile', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    new SavedState('wgt_a').thread = 'con_a'; // the event has not arrived yet
    server
      .on(news(0), newsOf([message(1), message(2)]))
      .on(OPEN, { conversation: conversation(), message: message(2) });
    chat.send('mine');
    await settle();
    server.emit('ready', { resumed: false });
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'mine: sent']);
    expect(server.bodies(OPEN)).toMatchObject([{ content: 'mine', continue: true }]);
  });

  it('starts for the visitor of another tab, and forgets one that another tab has reset', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await otherTab((s) => s.setCredentials('vis_a', 'vsec_a'));
    expect(server.bodies(SESSIONS)).toHaveLength(1);
    server.on(news(0), newsOf([message(1)]));
    await otherTab((s) => (s.thread = 'con_a'));
    expect(texts(chat)).toEqual(['text 1: sent']);
    await otherTab((s) => s.forget());
    expect(texts(chat)).toEqual([]);
    expect(server.bodies(SESSIONS)).toHaveLength(1);
  });

  it('keeps the unsent messages of both', async () => {
    const other = new SavedState('wgt_a');
    saved.addDraft({ id: 'a', content: 'A' });
    other.addDraft({ id: 'b', content: 'B' });
    saved.addDraft({ id: 'c', content: 'C' });
    other.removeDraft('b');
    expect(new SavedState('wgt_a').outbox.map((d) => d.id)).toEqual(['a', 'c']);
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
