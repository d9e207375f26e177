import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, type Api } from './api';
import { ada, conversation, FakePage, FakeServer, message, nils, thread, website } from './fakes';
import { Store } from './store';

const HEARTBEAT = 'POST /users/7/heartbeat';
const MESSAGES = 'POST /conversations/con_a/messages';
const READ = 'POST /conversations/con_a/read';
const TYPING = 'POST /conversations/con_a/typing';
const THREAD = 'GET /conversations/con_a';
const STATISTICS = 'GET /statistics/current';
const LIST = 'GET /conversations';

const refused = (status: number) => new ApiError(status, '', 'status ' + status);

let server: FakeServer;
let page: FakePage;

beforeEach(() => {
  vi.useFakeTimers();
  page = new FakePage();
  server = new FakeServer()
    .on('GET /users', { data: [ada, nils] })
    .on(LIST, { data: [conversation('con_a')] })
    .on('GET /visitors', { data: [{ id: 3 }] })
    .on('GET /tags', { data: [{ name: 'stock' }] })
    .on(STATISTICS, { onlineVisitors: 1 })
    .on('GET /conversations/counts', { opened: 1 })
    .on('GET /website', website())
    .on(THREAD, thread('con_a', [message(1)]));
});

afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const newStore = (fields = {}) => new Store(server as unknown as Api, website(fields), ada.id, page);

/** started follows the events; its one conversation is loaded for the preview, and the agent is Ada. */
async function started(fields = {}) {
  const store = newStore(fields);
  await store.start();
  await settle();
  return store;
}

/** settle lets the pending requests finish, without reaching the first retry. */
const settle = () => vi.advanceTimersByTimeAsync(1);
const contents = (store: Store) => store.threads.get('con_a')!.thread.messages.map((m) => m.content);
const emitMessage = (id: number, fields = {}) =>
  server.emit('message.created', { conversation: conversation('con_a'), message: message(id, fields) });

describe('start', () => {
  it('reads the state and the previews, then follows the events', async () => {
    const store = await started();
    expect([...store.conversations.keys()]).toEqual(['con_a']);
    expect(contents(store)).toEqual(['text 1']);
    expect(store.tags).toEqual(['stock']);
    expect(store.isOnline(3)).toBe(true);
    expect(server.connections).toEqual(['']);
  });

  it('fails if the state cannot be read', async () => {
    server.on('GET /tags', refused(503));
    await expect(newStore().start()).rejects.toThrow('503');
    expect(server.connections).toEqual([]);
  });

  it('keeps what events say while it reads an older state', async () => {
    const store = await started();
    let respond = (_list: unknown) => {};
    server.on(LIST, () => new Promise((resolve) => (respond = resolve)));
    const refreshed = store.refresh();
    await settle();
    server.emit('conversation.opened', { conversation: conversation('con_new') });
    server.emit('conversation.updated', { conversation: conversation('con_a', { status: 'CLOSED' }) });
    respond({ data: [conversation('con_a')] });
    await refreshed;
    expect([...store.conversations.keys()]).toEqual(['con_new']);
  });

  it('works without a preview that cannot be loaded', async () => {
    server.on(THREAD, refused(503));
    const store = await started();
    expect(store.threads.size).toBe(0);
  });

  it('works without the figures', async () => {
    server.on(STATISTICS, refused(503));
    const store = await started();
    expect(store.statistics).toBeNull();
  });

  it('follows no events if it was stopped in the meantime', async () => {
    const store = newStore();
    const starting = store.start();
    store.stop();
    await starting;
    expect(server.connections).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('knows the agent, also if the list of users does not reach them', async () => {
    expect((await started()).agent).toEqual(ada);
    server.on('GET /users', { data: [nils] }).on('GET /users/7', ada);
    expect((await started()).agent).toEqual(ada);
  });
});

describe('heartbeat', () => {
  it('is sent at the start and every 30 seconds', async () => {
    await started();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.bodies(HEARTBEAT)).toHaveLength(3);
  });

  it('is not sent by somebody who may only read', async () => {
    await started({ level: 'READ' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.bodies(HEARTBEAT)).toHaveLength(0);
  });

  it('ends with the store', async () => {
    const store = await started();
    store.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.bodies(HEARTBEAT)).toHaveLength(1);
  });
});

describe('events', () => {
  it('adds a message once', async () => {
    const store = await started();
    for (const _ of [1, 2]) emitMessage(2);
    expect(contents(store)).toEqual(['text 1', 'text 2']);
  });

  it('loads a conversation that it does not have', async () => {
    server.on(LIST, { data: [] });
    const store = await started();
    emitMessage(1);
    await settle();
    expect(contents(store)).toEqual(['text 1']);
    expect(page.notifications).toEqual(['Vera: text 1 (con_a)']);
  });

  it('does without a conversation that cannot be loaded', async () => {
    server.on(LIST, { data: [] }).on(THREAD, refused(503));
    const store = await started();
    emitMessage(1);
    await settle();
    expect(store.threads.size).toBe(0);
    expect(page.notifications).toEqual([]);
  });

  it('notifies about a visitor’s message that is not on the screen', async () => {
    const store = await started();
    emitMessage(2);
    await store.open('con_a');
    emitMessage(3);
    page.hidden = true;
    emitMessage(4);
    emitMessage(5, { senderType: 'USER' });
    expect(page.notifications).toEqual(['Vera: text 2 (con_a)', 'Vera: text 4 (con_a)']);
  });

  it('marks the messages of the other side as read', async () => {
    server.on(THREAD, thread('con_a', [message(1), message(2, { senderType: 'USER' })]));
    const store = await started();
    server.emit('conversation.read', { conversation: conversation('con_a'), reader: 'VISITOR' });
    expect(store.threads.get('con_a')!.thread.messages.map((m) => m.read)).toEqual([false, true]);
  });

  it('moves a conversation that is closed to the closed ones, if they are shown', async () => {
    const store = await started();
    const closed = conversation('con_a', { status: 'CLOSED' });
    server.emit('conversation.updated', { conversation: closed });
    expect([store.conversations.size, store.closed]).toEqual([0, null]);
    server.emit('conversation.updated', { conversation: conversation('con_a') });
    server.on(LIST, { data: [conversation('con_b', { status: 'CLOSED' })] });
    await store.showClosed();
    server.emit('conversation.updated', { conversation: closed });
    expect(store.closed!.map((c) => c.token)).toEqual(['con_a', 'con_b']);
    server.emit('conversation.updated', { conversation: conversation('con_a') });
    expect(store.closed!.map((c) => c.token)).toEqual(['con_b']);
  });

  it('notes when another agent is assigned', async () => {
    const store = await started();
    for (const assigneeId of [8, 8, null]) {
      server.emit('conversation.updated', { conversation: conversation('con_a', { assigneeId }) });
    }
    expect(store.threads.get('con_a')!.assignments).toEqual([{ at: '2026-01-01T00:00:05Z', name: 'Nils' }]);
  });

  it('shows that the visitor types for 7 seconds, unless a message arrives', async () => {
    const store = await started();
    const typing = (sender: string) =>
      server.emit('typing', { sender, conversationToken: 'con_a', conversationId: 1, typing: true });
    typing('USER');
    expect(store.threads.get('con_a')!.isVisitorTyping).toBe(false);
    typing('VISITOR');
    expect(store.threads.get('con_a')!.isVisitorTyping).toBe(true);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(store.threads.get('con_a')!.isVisitorTyping).toBe(false);
    typing('VISITOR');
    emitMessage(2);
    expect(store.threads.get('con_a')!.isVisitorTyping).toBe(false);
  });

  it('shows the typing for 7 seconds after the last report', async () => {
    const store = await started();
    for (const _ of [1, 2]) {
      server.emit('typing', { sender: 'VISITOR', conversationToken: 'con_a', conversationId: 1, typing: true });
      await vi.advanceTimersByTimeAsync(6_000);
    }
    expect(store.threads.get('con_a')!.isVisitorTyping).toBe(true);
  });

  it('knows until when a visitor is online', async () => {
    const store = await started();
    server.emit('visitor.online', { visitorId: 4, until: new Date(Date.now() + 1_000).toISOString() });
    expect(store.isOnline(4)).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(store.isOnline(4)).toBe(false);
  });

  it('reads the figures once after a burst', async () => {
    await started();
    const before = server.bodies(STATISTICS).length;
    for (const id of [2, 3, 4]) emitMessage(id);
    await vi.advanceTimersByTimeAsync(500);
    expect(server.bodies(STATISTICS)).toHaveLength(before + 1);
  });

  it('counts the changes of tickets, and no others', async () => {
    const store = await started();
    for (const event of ['ticket.created', 'ticket.updated', 'ticket.deleted', 'ticket.message_created']) {
      server.emit(event, {});
    }
    server.emit('webhook.disabled', {});
    expect(store.ticketsVersion).toBe(4);
  });

  it('tells its subscribers, until they unsubscribe', async () => {
    const store = await started();
    const listener = vi.fn();
    const unsubscribe = store.subscribe(listener);
    server.emit('ready', { resumed: true });
    unsubscribe();
    server.emit('ready', { resumed: true });
    expect(listener).toHaveBeenCalledTimes(1);
  });
});

describe('connection', () => {
  it('resumes after the last event that has an id', async () => {
    await started();
    server.emit('ready', { resumed: true }, '41');
    server.emit('typing', { sender: 'VISITOR', conversationToken: 'con_a', typing: false });
    server.breakStream();
    await vi.advanceTimersByTimeAsync(500);
    expect(server.connections).toEqual(['', '41']);
  });

  it('reads the state again if events were missed, and not if it has resumed', async () => {
    const store = await started();
    server.on(LIST, { data: [] });
    server.emit('ready', { resumed: true });
    await settle();
    expect(store.conversations.size).toBe(1);
    server.emit('ready', { resumed: false });
    await settle();
    expect(store.conversations.size).toBe(0);
  });

  it('is shown as lost if it does not come back', async () => {
    const store = await started();
    server.stream = async () => Promise.reject(new Error('connection refused'));
    server.breakStream();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(store.isConnected).toBe(false);
  });

  it('is not shown as lost if it comes back within 2 seconds', async () => {
    const store = await started();
    server.breakStream();
    await vi.advanceTimersByTimeAsync(500);
    server.emit('ready', { resumed: true });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(store.isConnected).toBe(true);
  });

  it('is not shown as lost after it has come back at the third attempt', async () => {
    const store = await started();
    for (const wait of [500, 1_000]) {
      server.breakStream();
      await vi.advanceTimersByTimeAsync(wait);
    }
    server.emit('ready', { resumed: true });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(server.connections).toHaveLength(3);
    expect(store.isConnected).toBe(true);
  });
});

describe('open', () => {
  it('loads the conversation and reports it as read', async () => {
    server.on(LIST, { data: [] });
    const store = await started();
    await store.open('con_a');
    expect(store.unreadCount('con_a')).toBe(0);
    expect(server.bodies(READ)).toHaveLength(1);
  });

  it('fails if the conversation cannot be loaded', async () => {
    const store = await started();
    server.on('GET /conversations/con_b', refused(404));
    await expect(store.open('con_b')).rejects.toThrow('404');
  });

  it.each([
    ['page is hidden', true, 'READ_WRITE'],
    ['agent may only read', false, 'READ'],
  ])('reports nothing as read if the %s', async (_, hidden, level) => {
    const store = await started({ level });
    page.hidden = hidden;
    await store.open('con_a');
    expect(store.unreadCount('con_a')).toBe(1);
    expect(server.bodies(READ)).toHaveLength(0);
  });

  it('counts the unread messages of the agent’s own and of unassigned conversations', async () => {
    const store = await started();
    expect(store.ownUnreadCount).toBe(1);
    server.emit('conversation.updated', { conversation: conversation('con_a', { assigneeId: 8 }) });
    expect(store.ownUnreadCount).toBe(0);
    server.emit('conversation.updated', { conversation: conversation('con_a', { assigneeId: 7 }) });
    expect(store.ownUnreadCount).toBe(1);
  });

  it('keeps the drafts of a conversation that is loaded again', async () => {
    const store = await started();
    server.on(MESSAGES, refused(422));
    store.reply('con_a', 'hello');
    await settle();
    await store.load('con_a');
    expect(store.threads.get('con_a')!.drafts).toHaveLength(1);
  });
});

describe('reply', () => {
  it('shows the draft at once and replaces it by the stored message', async () => {
    const store = await started();
    server.on(MESSAGES, message(2, { senderType: 'USER', content: 'hello' }));
    store.reply('con_a', 'hello');
    expect(store.threads.get('con_a')!.drafts).toMatchObject([{ content: 'hello', state: 'sending' }]);
    await settle();
    expect(store.threads.get('con_a')!.drafts).toEqual([]);
    expect(contents(store)).toEqual(['text 1', 'hello']);
    expect(server.bodies(MESSAGES)[0]).toMatchObject({ content: 'hello' });
  });

  it('shows the message once if its event arrives before the response', async () => {
    const store = await started();
    server.on(MESSAGES, () => {
      emitMessage(2, { senderType: 'USER' });
      return message(2, { senderType: 'USER' });
    });
    store.reply('con_a', 'text 2');
    await settle();
    expect(contents(store)).toEqual(['text 1', 'text 2']);
  });

  it('repeats a failed attempt with the same id', async () => {
    const store = await started();
    server.on(MESSAGES, refused(503), refused(429), new TypeError('network'), message(2));
    store.reply('con_a', 'hello');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(new Set(server.bodies(MESSAGES).map((b) => b.clientMessageId)).size).toBe(1);
    expect(store.threads.get('con_a')!.drafts).toEqual([]);
  });

  it('gives up what the server refuses, until the agent sends it again', async () => {
    const store = await started();
    server.on(MESSAGES, refused(422), message(2));
    store.reply('con_a', 'hello');
    await settle();
    const [draft] = store.threads.get('con_a')!.drafts;
    expect(draft).toMatchObject({ state: 'failed', error: 'status 422' });
    await store.deliver('con_a', draft!);
    expect(store.threads.get('con_a')!.drafts).toEqual([]);
    expect(contents(store)).toEqual(['text 1', 'text 2']);
  });

  it('gives up after 5 failures', async () => {
    const store = await started();
    server.on(MESSAGES, refused(503));
    store.reply('con_a', 'hello');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.threads.get('con_a')!.drafts[0]!.state).toBe('failed');
    expect(server.bodies(MESSAGES)).toHaveLength(5);
  });
});

describe('reportTyping', () => {
  it('is sent at most every 3 seconds, and once at the end', async () => {
    const store = await started();
    store.reportTyping('con_a', true);
    store.reportTyping('con_a', true);
    await vi.advanceTimersByTimeAsync(3_000);
    store.reportTyping('con_a', true);
    store.reportTyping('con_a', false);
    store.reportTyping('con_a', false);
    expect(server.bodies(TYPING).map((b) => b.typing)).toEqual([true, true, false]);
  });

  it('is not sent by somebody who may only read', async () => {
    const store = await started({ level: 'READ' });
    store.reportTyping('con_a', true);
    expect(server.bodies(TYPING)).toEqual([]);
  });
});

describe('patch', () => {
  it('shows the changed conversation', async () => {
    const store = await started();
    server.on('PATCH /conversations/con_a', conversation('con_a', { assigneeId: 7 }));
    await store.patch('con_a', { assigneeId: 7 });
    expect(store.conversations.get('con_a')!.assigneeId).toBe(7);
    expect(server.bodies('PATCH /conversations/con_a')).toEqual([{ assigneeId: 7 }]);
  });

  it('changes nothing if the server refuses', async () => {
    const store = await started();
    server.on('PATCH /conversations/con_a', refused(409));
    await expect(store.patch('con_a', { assigneeId: 7 })).rejects.toThrow('409');
    expect(store.conversations.get('con_a')!.assigneeId).toBeNull();
  });
});
