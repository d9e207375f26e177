import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InboxRow, Note } from '../../../../libs/web/api';
import { ApiError, type Api } from './client';
import { ada, conversation, FakePage, FakeServer, memoryStorage, message, nils, row, thread } from './fakes';
import { Keep } from './keep';
import { keys } from './keys';
import { Live, type Typing } from './live';
import { defaults } from './notifications';
import { orders, type ListSpec } from './rows';
import { newQueries } from './session';

const HEARTBEAT = 'POST /users/7/heartbeat';
const MESSAGES = 'POST /conversations/con_a/messages';
const READ = 'POST /conversations/con_a/read';
const TYPING = 'POST /conversations/con_a/typing';
const THREAD = 'GET /conversations/con_a';
const STATISTICS = 'GET /statistics/current';
const INBOX = 'GET /inbox';
const ROW = 'GET /inbox/con_a';
const PATCH = 'PATCH /conversations/con_a';

const refused = (status: number) => new ApiError(status, '', 'status ' + status);
const offline = () => new TypeError('offline');
const page = (rows: InboxRow[], nextCursor: string | null = null) => ({ data: rows, nextCursor, total: rows.length });

const list = (name: string, status: string): ListSpec => ({
  name,
  query: { status },
  accepts: (r) => r.conversation.status === status,
  compare: orders.newest,
});
const open = list('all', 'OPEN');
const closed = list('closed', 'CLOSED');

let server: FakeServer;
let screen: FakePage;
let queries: QueryClient;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('localStorage', memoryStorage());
  screen = new FakePage();
  queries = newQueries();
  server = new FakeServer()
    .on('GET /users', { data: [ada, nils] })
    .on(INBOX, page([row('con_a', {}, { unread: 1 })]))
    .on(ROW, row('con_a', {}, { unread: 1 }))
    .on(STATISTICS, { onlineVisitors: 1 })
    .on('GET /auth/notifications', defaults)
    .on(THREAD, thread('con_a', [message(1)]));
});

afterEach(() => {
  queries.clear();
  vi.clearAllTimers();
  vi.useRealTimers();
});

function newLive(isWritable = true) {
  return new Live(server as unknown as Api, queries, ada.id, isWritable, screen, new Keep('1:7'));
}

/** settle lets the pending requests finish, without reaching the first retry. */
const settle = () => vi.advanceTimersByTimeAsync(1);

const readList = (live: Live, spec = open) =>
  queries.fetchQuery({ queryKey: keys.list(spec.name), queryFn: () => live.cache.readList(spec), staleTime: 0 });
const readThread = (live: Live, token = 'con_a') =>
  queries.fetchQuery({ queryKey: keys.thread(token), queryFn: () => live.cache.readThread(token), staleTime: 0 });

/** begun waits for the stream to open; nothing is read but the agents. */
async function begun() {
  const live = newLive();
  void live.start();
  await settle();
  return live;
}

/** started follows the events; its list and its one conversation are read, and the agent is Ada. */
async function started(isWritable = true) {
  const live = newLive(isWritable);
  const starting = live.start();
  await settle();
  server.emit('ready', { resumed: false }, '1');
  await starting;
  await readList(live);
  await readThread(live);
  return live;
}

const tokens = (live: Live, name = 'all') => live.cache.list(name)?.tokens.join();
const contents = (live: Live) => live.cache.thread('con_a')?.messages.map((m) => m.content);
const emitMessage = (id: number, fields = {}) =>
  server.emit('message.created', { conversation: conversation('con_a'), message: message(id, fields) });
const typing = () => queries.getQueryData<Typing>(keys.typing('con_a'));
const isConnected = () => queries.getQueryData(keys.connection);

describe('start', () => {
  it('reads the agents and follows the events', async () => {
    const live = await started();
    expect(live.cache.users).toEqual([ada, nils]);
    expect(server.connections).toEqual(['']);
  });

  it('fails if the agents cannot be read', async () => {
    server.on('GET /users', refused(503));
    await expect(newLive().start()).rejects.toThrow('503');
    expect(server.connections).toEqual([]);
  });

  it('waits a second for the stream at most', async () => {
    const starting = newLive().start();
    await vi.advanceTimersByTimeAsync(1_001);
    await starting;
  });

  it('follows no events if it was stopped in the meantime', async () => {
    const live = newLive();
    const starting = live.start();
    live.stop();
    await starting;
    expect(server.connections).toEqual([]);
    expect(server.bodies(HEARTBEAT)).toEqual([]);
  });

  it('knows the agent, also if the list of users does not reach them', async () => {
    expect((await started()).agent).toEqual(ada);
    server.on('GET /users', { data: [nils] }).on('GET /users/7', ada);
    expect((await started()).agent).toEqual(ada);
  });
});

describe('lists', () => {
  it('keep what events say while an older state is read', async () => {
    const live = await started();
    let respond = (_page: unknown) => {};
    server.on(INBOX, () => new Promise((resolve) => (respond = resolve)));
    server.on('GET /inbox/con_new', row('con_new', { id: 2 }));
    const reading = readList(live);
    await settle();
    server.emit('conversation.opened', { conversation: conversation('con_new', { id: 2 }) });
    server.emit('conversation.updated', { conversation: conversation('con_a', { status: 'CLOSED' }) });
    await settle();
    respond(page([row('con_a')]));
    await reading;
    expect(tokens(live)).toBe('con_new');
    expect(live.cache.row('con_a')!.conversation.status).toBe('CLOSED');
  });

  it('are read on by their cursor, and again about as far as they were', async () => {
    const live = newLive();
    server.on(INBOX, page([row('con_a', { id: 2 })], 'more'), page([row('con_b', { id: 1 })], 'rest'));
    await readList(live);
    await live.cache.readMore(open);
    expect(tokens(live)).toBe('con_a,con_b');
    server.on(INBOX, page([row('con_c', { id: 3 })], 'more'), page([row('con_a', { id: 2 })], 'rest'));
    await readList(live);
    expect(tokens(live)).toBe('con_c,con_a');
  });

  it('drop a page that belongs to an earlier state', async () => {
    const live = newLive();
    server.on(INBOX, page([row('con_a')], 'more'));
    await readList(live);
    let respond = (_page: unknown) => {};
    server.on(INBOX, () => new Promise((resolve) => (respond = resolve)));
    const reading = live.cache.readMore(open);
    server.on(INBOX, page([row('con_b')]));
    await readList(live);
    respond(page([row('con_z')]));
    await reading;
    expect(tokens(live)).toBe('con_b');
  });

  it('have a closed conversation among the closed ones, and a reopened one among the open ones', async () => {
    const live = await started();
    server.on(INBOX, page([row('con_b', { id: 0, status: 'CLOSED' })]));
    await readList(live, closed);
    server.emit('conversation.updated', { conversation: conversation('con_a', { status: 'CLOSED' }) });
    expect([tokens(live), tokens(live, 'closed')]).toEqual(['', 'con_a,con_b']);
    server.emit('conversation.updated', { conversation: conversation('con_a') });
    expect([tokens(live), tokens(live, 'closed')]).toEqual(['con_a', 'con_b']);
  });

  it('of what is overdue are read again every 30 seconds, and no others', async () => {
    const live = await started();
    const late = { ...list('late', 'OPEN'), query: { overdue: 'true' } };
    await readList(live, late);
    const isStale = (name: string) => queries.getQueryState(keys.list(name))!.isInvalidated;
    await vi.advanceTimersByTimeAsync(30_000);
    expect([isStale('late'), isStale('all')]).toEqual([true, false]);
  });

  it('forget an erased conversation', async () => {
    const live = await started();
    server.emit('conversation.erased', { conversationId: 1, from: 'OPEN' });
    expect([tokens(live), live.cache.row('con_a'), live.cache.thread('con_a')]).toEqual(['', undefined, undefined]);
  });
});

describe('heartbeat', () => {
  it('is sent at the start and every 30 seconds', async () => {
    await started();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.bodies(HEARTBEAT)).toHaveLength(3);
  });

  it('is not sent by an agent that may only read', async () => {
    await started(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.bodies(HEARTBEAT)).toHaveLength(0);
  });

  it('ends with the session', async () => {
    const live = await started();
    live.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.bodies(HEARTBEAT)).toHaveLength(1);
  });
});

describe('events', () => {
  it('add a message once', async () => {
    const live = await started();
    for (const _ of [1, 2]) emitMessage(2);
    expect(contents(live)).toEqual(['text 1', 'text 2']);
    expect(live.cache.row('con_a')!.unread).toBe(2);
  });

  it('keep a message that arrives while its conversation is read', async () => {
    const live = await started();
    let respond = (_thread: unknown) => {};
    server.on(THREAD, () => new Promise((resolve) => (respond = resolve)));
    const reading = readThread(live);
    await settle();
    emitMessage(2);
    respond(thread('con_a', [message(1)]));
    await reading;
    expect(contents(live)).toEqual(['text 1', 'text 2']);
  });

  it('read a conversation that is not in the cache, and announce its message', async () => {
    server.on(INBOX, page([]));
    const live = await begun();
    await readList(live);
    emitMessage(1);
    await settle();
    expect(tokens(live)).toBe('con_a');
    expect(screen.notifications).toEqual(['Vera: text 1 (con_a)']);
  });

  it('do without a conversation that cannot be read', async () => {
    server.on(INBOX, page([])).on(ROW, refused(503));
    const live = await begun();
    emitMessage(1);
    await settle();
    expect(live.cache.row('con_a')).toBeUndefined();
    expect(screen.notifications).toEqual([]);
  });

  it('announce a visitor’s message that is not on the screen', async () => {
    const live = await started();
    emitMessage(2);
    live.open('con_a');
    emitMessage(3);
    screen.hidden = true;
    emitMessage(4);
    emitMessage(5, { senderType: 'USER' });
    await settle();
    expect(screen.notifications).toEqual(['Vera: text 2 (con_a)', 'Vera: text 4 (con_a)']);
  });

  it('mark the messages of the other side as read', async () => {
    server.on(THREAD, thread('con_a', [message(1), message(2, { senderType: 'USER' })]));
    const live = await started();
    server.emit('conversation.read', { conversation: conversation('con_a'), reader: 'VISITOR' });
    expect(live.cache.thread('con_a')!.messages.map((m) => m.read)).toEqual([false, true]);
    expect(live.cache.row('con_a')!.unread).toBe(1);
    server.emit('conversation.read', { conversation: conversation('con_a'), reader: 'USER' });
    expect(live.cache.row('con_a')!.unread).toBe(0);
  });

  it('count what this agent has read apart from what any agent has', async () => {
    const live = await started();
    emitMessage(2);
    server.emit('conversation.read', { conversation: conversation('con_a'), reader: 'USER' });
    expect(live.cache.row('con_a')).toMatchObject({ unread: 0, unreadByMe: 1 });
    server.emit('inbox.read', { conversationToken: 'con_a', conversationId: 1, userId: 8 });
    expect(live.cache.row('con_a')!.unreadByMe).toBe(1);
    server.emit('inbox.read', { conversationToken: 'con_a', conversationId: 1, userId: 7 });
    expect(live.cache.row('con_a')!.unreadByMe).toBe(0);
  });

  it('note when another agent is assigned', async () => {
    const live = await started();
    for (const assigneeId of [8, 8, null]) {
      server.emit('conversation.updated', { conversation: conversation('con_a', { assigneeId }) });
    }
    expect(live.cache.thread('con_a')!.assignments).toEqual([{ at: '2026-01-01T00:00:05Z', name: 'Nils' }]);
  });

  it('add, change and remove private notes, and announce a mention', async () => {
    const live = await started();
    const note = (id: number, content: string) => ({ id, content, authorId: 8, createdAt: '2026-01-01' }) as Note;
    const contentsOf = () => queries.getQueryData<Note[]>(keys.notes('con_a'))!.map((n) => n.content);
    queries.setQueryData(keys.notes('con_a'), [note(1, 'one')]);
    server.on(ROW, row('con_a', {}, { notes: 2, mentions: [7] }));
    server.emit('note.created', { conversation: conversation('con_a'), note: note(2, 'two') });
    await settle();
    expect(contentsOf()).toEqual(['one', 'two']);
    expect(screen.notifications).toEqual(['Vera: two (con_a)']);
    server.emit('note.updated', { conversation: conversation('con_a'), note: note(1, 'uno') });
    server.emit('note.deleted', { conversationId: 1, noteId: 2 });
    expect(contentsOf()).toEqual(['uno']);
    live.endMention('con_a');
    expect(live.cache.row('con_a')!.mentions).toEqual([]);
    expect(server.bodies('DELETE /conversations/con_a/mention')).toHaveLength(1);
  });

  it('read the notes about visitors again', async () => {
    await started();
    queries.setQueryData(keys.notesAbout('vis_a'), []);
    server.emit('visitor.note_created', { note: { id: 1, visitorId: 3 } });
    expect(queries.getQueryState(keys.notesAbout('vis_a'))!.isInvalidated).toBe(true);
  });

  it('read a visitor who changed again, with the pages of their visit', async () => {
    await started();
    const cached = [3, 4].flatMap((id) => [keys.visit(id), keys.visitor('vis_' + id)]);
    for (const id of [3, 4]) {
      queries.setQueryData(keys.visit(id), { arrivedAt: null, pages: [] });
      queries.setQueryData(keys.visitor('vis_' + id), { id });
    }
    server.emit('visitor.blocked', { visitorId: 3 });
    const isStale = cached.map((key) => queries.getQueryState(key)!.isInvalidated);
    expect(isStale).toEqual([true, true, false, false]);
  });

  it('take a snoozed conversation out of the open ones', async () => {
    const live = await started();
    const until = '2026-02-01T00:00:00Z';
    server.emit('inbox.updated', { conversation: conversation('con_a'), snoozedUntil: until, spam: false });
    expect(live.cache.row('con_a')).toMatchObject({ snoozedUntil: until, spam: false });
    emitMessage(2); // the visitor's message ends the snooze
    expect(live.cache.row('con_a')!.snoozedUntil).toBeNull();
  });

  it('announce no message of a conversation that is marked as spam', async () => {
    const live = await started();
    live.cache.changeRow('con_a', (r) => ({ ...r, spam: true }));
    emitMessage(2);
    await settle();
    expect(screen.notifications).toEqual([]);
  });

  it('announce an assignment by a rule, or by another agent while the page is hidden', async () => {
    await started();
    const assign = (assigneeId: number | null, assignedAutomatically = false) =>
      server.emit('conversation.updated', {
        conversation: conversation('con_a', { assigneeId }),
        assignedAutomatically,
      });
    const announced = async () => {
      await settle();
      return screen.notifications.length;
    };
    for (const [assigneeId, isAutomatic, count] of [
      [8, true, 0],
      [7, true, 1],
      [7, true, 1],
      [null, false, 1],
      [7, false, 1],
    ] as const) {
      assign(assigneeId, isAutomatic);
      expect(await announced()).toBe(count);
    }
    assign(null);
    screen.hidden = true;
    assign(7);
    expect(await announced()).toBe(2);
  });

  it('show a rating with its comment', async () => {
    const live = await started();
    const rated = { conversation: conversation('con_a', { rating: 4 }), rating: 4, feedback: 'quick' };
    server.emit('conversation.rated', rated);
    expect(live.cache.row('con_a')).toMatchObject({ feedback: 'quick', conversation: { rating: 4 } });
  });

  it('show that the visitor types for 7 seconds, unless a message arrives', async () => {
    await started();
    const emit = () => server.emit('typing', { sender: 'VISITOR', conversationToken: 'con_a', typing: true });
    emit();
    expect(typing()).toEqual({ visitor: true, agent: null });
    await vi.advanceTimersByTimeAsync(7_000);
    expect(typing()!.visitor).toBe(false);
    emit();
    emitMessage(2);
    expect(typing()!.visitor).toBe(false);
  });

  it('show the typing for 7 seconds after the last report', async () => {
    await started();
    for (const _ of [1, 2]) {
      server.emit('typing', { sender: 'VISITOR', conversationToken: 'con_a', typing: true });
      await vi.advanceTimersByTimeAsync(6_000);
    }
    expect(typing()!.visitor).toBe(true);
  });

  it('show that another agent types, not that this one does', async () => {
    await started();
    const emit = (userId?: number, isTyping = true) =>
      server.emit('typing', { sender: 'USER', conversationToken: 'con_a', typing: isTyping, userId });
    emit(7); // this one
    expect(typing()?.agent ?? null).toBeNull();
    emit(8);
    expect(typing()!.agent).toBe(8);
    emit(8, false);
    expect(typing()!.agent).toBeNull();
    emit(); // a program
    expect(typing()!.agent).toBe(0);
  });

  it('say until when a visitor is online', async () => {
    await started();
    const until = Date.now() + 1_000;
    server.emit('visitor.online', { visitorId: 4, until: new Date(until).toISOString() });
    expect(queries.getQueryData(keys.online(4))).toBe(until);
  });

  it('have the figures read once after a burst', async () => {
    await started();
    const read = vi.fn(() => Promise.resolve(0));
    const { QueryObserver } = await import('@tanstack/react-query');
    const stop = new QueryObserver(queries, { queryKey: keys.statistics, queryFn: read }).subscribe(() => {});
    await settle();
    for (const id of [2, 3, 4]) emitMessage(id);
    await vi.advanceTimersByTimeAsync(2_001);
    expect(read).toHaveBeenCalledTimes(2);
    stop();
  });

  it('make the tickets stale, and no others', async () => {
    await started();
    queries.setQueryData(keys.ticket('1'), {});
    server.emit('webhook.disabled', {});
    expect(queries.getQueryState(keys.ticket('1'))!.isInvalidated).toBe(false);
    server.emit('ticket.updated', {});
    expect(queries.getQueryState(keys.ticket('1'))!.isInvalidated).toBe(true);
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

  it('makes what is shown stale if events were missed, and not if it has resumed', async () => {
    await started();
    const isStale = () => queries.getQueryState(keys.list('all'))!.isInvalidated;
    server.emit('ready', { resumed: true });
    expect(isStale()).toBe(false);
    server.emit('ready', { resumed: false });
    expect(isStale()).toBe(true);
  });

  it('keeps stale what was, also if an event changes it', async () => {
    const live = await started();
    server.on(INBOX, offline()).on(ROW, row('con_a'));
    server.emit('ready', { resumed: false });
    await settle();
    emitMessage(2);
    server.emit('conversation.updated', { conversation: conversation('con_a', { status: 'CLOSED' }) });
    await settle();
    expect(tokens(live)).toBe('');
    expect(contents(live)).toContain('text 2');
    for (const key of [keys.list('all'), keys.thread('con_a')])
      expect(queries.getQueryState(key)!.isInvalidated).toBe(true);
  });

  it.each([
    ['a row that could not be read is', new TypeError('no network'), 'con_a'],
    ['a row that was refused is not', refused(404), ''],
  ])('reads again what failed: %s', async (_, failure, rows) => {
    server.on(INBOX, page([])).on(ROW, failure);
    const live = await begun();
    await readList(live);
    emitMessage(1);
    await settle();
    expect(tokens(live)).toBe('');
    server.on(ROW, row('con_a'));
    server.emit('ready', { resumed: true });
    await settle();
    expect(tokens(live)).toBe(rows);
  });

  it.each([
    ['a list that could not be read is', new TypeError('no network'), 'con_a'],
    ['a list that was refused is not', refused(403), undefined],
  ])('reads again what is on the screen: %s', async (_, failure, rows) => {
    const live = await begun();
    server.on(INBOX, failure);
    const shown = new QueryObserver(queries, {
      queryKey: keys.list('all'),
      queryFn: () => live.cache.readList(open),
      retry: false,
    });
    const leave = shown.subscribe(() => {});
    await settle();
    expect(shown.getCurrentResult().isError).toBe(true);
    server.on(INBOX, page([row('con_a')]));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(tokens(live)).toBe(rows);
    leave();
  });

  it.each([
    ['before', 'ready'],
    ['while messages arrive that were missed', 'message'],
  ])('makes lists stale if the agent may have read a conversation in another tab: %s', async (_, last) => {
    const live = await started();
    const isStale = () => queries.getQueryState(keys.list('all'))!.isInvalidated;
    live.cache.changeRow('con_a', (r) => ({ ...r, unreadByMe: last === 'ready' ? 2 : 0 }));
    server.emit('ready', { resumed: true });
    if (last === 'message') {
      await vi.advanceTimersByTimeAsync(5_000);
      emitMessage(2);
    }
    expect(isStale()).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(isStale()).toBe(true);
  });

  it('makes no list stale for a message that arrives later', async () => {
    await started();
    queries.setQueryData(keys.row('con_a'), row('con_a'));
    server.emit('ready', { resumed: true });
    await vi.advanceTimersByTimeAsync(15_000);
    emitMessage(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(queries.getQueryState(keys.list('all'))!.isInvalidated).toBe(false);
  });

  it.each([
    ['again what could not be reported as read', new TypeError('no network'), 2],
    ['nothing again that was refused', refused(404), 1],
  ])('reports %s', async (_, failure, times) => {
    const live = await started();
    server.on(READ, failure, null);
    live.open('con_a');
    await settle();
    for (let connection = 0; connection < 2; connection++) {
      server.emit('ready', { resumed: true });
      await settle();
      expect(server.bodies(READ)).toHaveLength(times);
    }
  });

  it('is opened again at once when the browser is back', async () => {
    const live = await started();
    server.breakStream();
    await vi.advanceTimersByTimeAsync(0);
    live.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.connections).toHaveLength(2);
  });

  it('is closed while the page is left, and resumes on the way back', async () => {
    const live = await started();
    live.sleep();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.connections).toHaveLength(1);
    live.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.connections).toEqual(['', '1']);
  });

  it('is shown as lost if it does not come back', async () => {
    await started();
    server.stream = async () => Promise.reject(new Error('connection refused'));
    server.breakStream();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(isConnected()).toBe(false);
  });

  it('is not shown as lost if it comes back within 2 seconds', async () => {
    await started();
    server.breakStream();
    await vi.advanceTimersByTimeAsync(500);
    server.emit('ready', { resumed: true });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(isConnected()).toBe(true);
  });

  it('is not shown as lost after it has come back at the third attempt', async () => {
    await started();
    for (const wait of [500, 1_000]) {
      server.breakStream();
      await vi.advanceTimersByTimeAsync(wait);
    }
    server.emit('ready', { resumed: true });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(server.connections).toHaveLength(3);
    expect(isConnected()).toBe(true);
  });
});

describe('open', () => {
  it('reports the conversation as read', async () => {
    const live = await started();
    live.open('con_a');
    expect(live.cache.row('con_a')!.unread).toBe(0);
    expect(server.bodies(READ)).toHaveLength(1);
  });

  it.each([
    ['page is hidden', true, true],
    ['agent may only read', false, false],
  ])('reports nothing as read if the %s', async (_, hidden, isWritable) => {
    const live = await started(isWritable);
    screen.hidden = hidden;
    live.open('con_a');
    expect(live.cache.row('con_a')!.unread).toBe(1);
    expect(server.bodies(READ)).toHaveLength(0);
  });
});

describe('reply', () => {
  it('shows the draft at once and replaces it by the stored message', async () => {
    const live = await started();
    server.on(MESSAGES, message(2, { senderType: 'USER', content: 'hello' }));
    void live.reply('con_a', 'hello');
    expect(live.outbox.of('con_a')).toMatchObject([{ content: 'hello', state: 'sending' }]);
    await settle();
    expect(live.outbox.of('con_a')).toEqual([]);
    expect(contents(live)).toEqual(['text 1', 'hello']);
    expect(server.bodies(MESSAGES)[0]).toMatchObject({ content: 'hello' });
  });

  it('shows the message once if its event arrives before the response', async () => {
    const live = await started();
    server.on(MESSAGES, () => {
      emitMessage(2, { senderType: 'USER' });
      return message(2, { senderType: 'USER' });
    });
    void live.reply('con_a', 'text 2');
    await settle();
    expect(contents(live)).toEqual(['text 1', 'text 2']);
  });

  it('repeats a failed attempt with the same id', async () => {
    const live = await started();
    server.on(MESSAGES, refused(503), refused(429), new TypeError('network'), message(2));
    void live.reply('con_a', 'hello');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(new Set(server.bodies(MESSAGES).map((b) => b.clientMessageId)).size).toBe(1);
    expect(live.outbox.of('con_a')).toEqual([]);
  });

  it('gives up what the server refuses, until the agent sends it again', async () => {
    const live = await started();
    server.on(MESSAGES, refused(422), message(2));
    void live.reply('con_a', 'hello');
    await settle();
    const [draft] = live.outbox.of('con_a');
    expect(draft).toMatchObject({ state: 'failed', error: 'status 422' });
    await live.outbox.deliver('con_a', draft!.id);
    expect(live.outbox.of('con_a')).toEqual([]);
    expect(contents(live)).toEqual(['text 1', 'text 2']);
  });

  it('gives up after 5 failures, and tries again when the connection is back', async () => {
    const live = await started();
    server.on(MESSAGES, refused(503));
    void live.reply('con_a', 'hello');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(live.outbox.of('con_a')[0]!.state).toBe('failed');
    expect(server.bodies(MESSAGES)).toHaveLength(5);
    server.on(MESSAGES, message(2));
    server.emit('ready', { resumed: true });
    await settle();
    expect(live.outbox.of('con_a')).toEqual([]);
  });

  it('keeps a reply for the next page, which sends it with the same id', async () => {
    const live = await started();
    server.on(MESSAGES, refused(422));
    void live.reply('con_a', 'refused');
    await settle();
    server.on(MESSAGES, () => new Promise(() => {}));
    void live.reply('con_a', 'under way');
    live.stop();
    server.on(MESSAGES, message(2));
    queries.clear();
    const again = newLive();
    void again.start();
    await settle();
    expect(again.outbox.of('con_a')).toMatchObject([{ content: 'refused', state: 'failed' }]);
    const [, ...ids] = server.bodies(MESSAGES).map((b) => b.clientMessageId);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
  });
});

describe('a reply that another agent has overtaken', () => {
  const overtaken = () => new ApiError(409, 'newer_message', 'an agent has written');

  it('is kept, and sent if the agent insists', async () => {
    const live = await started();
    server.on(MESSAGES, overtaken(), message(3, { senderType: 'USER', content: 'hello' }));
    void live.reply('con_a', 'hello', 1);
    await settle();
    expect(live.outbox.of('con_a')).toMatchObject([{ state: 'failed', isOvertaken: true }]);
    server.emit('ready', { resumed: true });
    await settle();
    expect(server.bodies(MESSAGES)).toMatchObject([{ ifLast: 1, assign: true }]);
    await live.outbox.insist('con_a', live.outbox.of('con_a')[0]!.id);
    expect(server.bodies(MESSAGES)).toHaveLength(2);
    expect(server.bodies(MESSAGES)[1]).not.toHaveProperty('ifLast');
    expect(live.outbox.of('con_a')).toEqual([]);
  });
});

describe('reportTyping', () => {
  it('is sent at most every 3 seconds, and once at the end', async () => {
    const live = await started();
    live.reportTyping('con_a', true);
    live.reportTyping('con_a', true);
    await vi.advanceTimersByTimeAsync(3_000);
    live.reportTyping('con_a', true);
    live.reportTyping('con_a', false);
    live.reportTyping('con_a', false);
    expect(server.bodies(TYPING).map((b) => b.typing)).toEqual([true, true, false]);
  });

  it('is not sent by an agent that may only read', async () => {
    const live = await started(false);
    live.reportTyping('con_a', true);
    expect(server.bodies(TYPING)).toEqual([]);
  });
});

describe('patch', () => {
  it('shows the change at once, and then what the server says', async () => {
    const live = await started();
    server.on(PATCH, conversation('con_a', { assigneeId: 7, tags: ['stock'] }));
    const patching = live.patch('con_a', { assigneeId: 7 });
    expect(live.cache.row('con_a')).toMatchObject({ assignee: { name: 'Ada' }, conversation: { assigneeId: 7 } });
    await patching;
    expect(live.cache.row('con_a')!.conversation.tags).toEqual(['stock']);
    expect(live.cache.thread('con_a')!.assignments).toHaveLength(1);
    expect(server.bodies(PATCH)).toEqual([{ assigneeId: 7 }]);
  });

  it('shows a team at once, and the one of an event', async () => {
    const live = await started();
    server.on(PATCH, conversation('con_a'));
    const patching = live.patch('con_a', { teamId: 3 });
    expect(live.cache.row('con_a')!.teamId).toBe(3);
    await patching;
    server.emit('inbox.updated', { conversation: conversation('con_a'), spam: false, teamId: 4, teamChanged: true });
    expect(live.cache.row('con_a')!.teamId).toBe(4);
  });

  it('takes the change back if the server refuses', async () => {
    const live = await started();
    server.on(PATCH, refused(409));
    const patching = live.patch('con_a', { status: 'CLOSED', assigneeId: 7 });
    expect(tokens(live)).toBe('');
    await expect(patching).rejects.toThrow('409');
    expect(tokens(live)).toBe('con_a');
    expect(live.cache.row('con_a')!.conversation.assigneeId).toBeNull();
    expect(live.cache.thread('con_a')!.assignments).toEqual([]);
  });

  it('takes the change back without a network too, whatever has arrived meanwhile', async () => {
    const live = await started();
    server.on(ROW, offline);
    server.on(PATCH, () => {
      server.emit('inbox.read', { conversationToken: 'con_a', userId: ada.id });
      return offline();
    });
    await expect(live.patch('con_a', { status: 'CLOSED' })).rejects.toThrow('offline');
    expect(tokens(live)).toBe('con_a');
    expect(live.cache.row('con_a')!.conversation.status).toBe('OPEN');
  });

  it('reads the row if another change arrived before the response', async () => {
    const live = await started();
    server.on(ROW, row('con_a', { assigneeId: 8 }));
    server.on(PATCH, () => {
      server.emit('conversation.updated', { conversation: conversation('con_a', { assigneeId: 8 }) });
      return conversation('con_a', { assigneeId: 7 });
    });
    await live.patch('con_a', { assigneeId: 7 });
    expect(live.cache.row('con_a')!.conversation.assigneeId).toBe(8);
  });
});
