// A chat while requests fail, responses are late and streams break. Another device and an agent write meanwhile. When
// all has come to rest, the chat shows each message of the open conversation once, in order, and the server has each
// of the visitor's messages once.
import { afterEach, expect, it, vi } from 'vitest';
import type { Conversation, Message } from '../../../../libs/web/api';
import type { Frame } from '../../../../libs/web/sse';
import { httpError, type Api } from './api';
import { Chat } from './chat';
import { newsOf, session } from './fakechat';
import { agentMessage, conversation, FakePage, message, storageOf } from './fakes';
import { SavedState } from './storage';

const seeds = 60;
const steps = 60;
const pageSize = 3;
const repeatable = 4; // conversations in which the server recognises a repeated message that opens one
const maxDelay = 40; // milliseconds of a request, each way

/** generator returns numbers from 0 to 1 that follow from a seed (mulberry32). */
function generator(seed: number) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pause = (ms: number) => new Promise<void>((f) => setTimeout(f, ms));

interface Thread {
  conversation: Conversation;
  messages: Message[];
}

/** Store is a server with conversations and their events. */
class Store {
  isLossy = true;
  readonly threads: Thread[] = [];
  private readonly _log: object[] = []; // events without their positions, which are their places
  private readonly _sent = new Map<string, Message>(); // by the conversation and the client's id
  private _onEvent?: ((frame: Frame) => void) | undefined;
  private _end?: ((err: Error) => void) | undefined;
  private _count = 0;

  constructor(private readonly _random: () => number) {}

  readonly signal = new AbortController().signal;
  forget = () => {};
  isReachable = async () => false;

  get open() {
    return this.threads.find((t) => t.conversation.status === 'OPEN');
  }

  private _emit(event: string, data: object) {
    const frame = { id: String(this._log.length + 1), event, data: { data } };
    this._log.push(frame);
    this._deliver(frame);
  }

  /** _deliver takes some time, in which the stream may break. Frames arrive in order. */
  private _deliver(frame: object) {
    const onEvent = this._onEvent;
    setTimeout(() => onEvent === this._onEvent && onEvent?.(frame as Frame), maxDelay);
  }

  /** add stores a message in the open conversation, or in a new one. */
  add(create: (id: number) => Message): Message {
    let thread = this.open;
    if (!thread) {
      thread = { conversation: conversation({ token: 'con_' + this.threads.length }), messages: [] };
      this.threads.push(thread);
    }
    const added = create(++this._count);
    thread.messages.push(added);
    this._emit('message.created', { conversation: thread.conversation, message: added });
    return added;
  }

  close() {
    const thread = this.open;
    if (!thread) return;
    thread.conversation = { ...thread.conversation, status: 'CLOSED' };
    this._emit('conversation.updated', { conversation: thread.conversation });
  }

  breakStream() {
    this._onEvent = undefined;
    this._end?.(new Error('broken'));
  }

  stream = async (lastEventId: string, _signal: AbortSignal, onEvent: (frame: Frame) => void) => {
    await this._transfer();
    const resumed = !!lastEventId && this._random() < 0.7;
    this._onEvent = (frame) => onEvent(frame); // another one for each connection
    this._deliver({ id: resumed ? lastEventId : String(this._log.length), event: 'ready', data: { resumed } });
    if (resumed) for (const frame of this._log.slice(Number(lastEventId))) this._deliver(frame);
    await new Promise<void>((_resolve, reject) => (this._end = reject));
  };

  /** _transfer takes some time, and may fail. */
  private async _transfer() {
    await pause(this._random() * maxDelay);
    if (this.isLossy && this._random() < 0.25) throw new TypeError('network');
  }

  call = async (method: string, path: string, body: Record<string, unknown> = {}) => {
    await this._transfer();
    const result = structuredClone(this._respond(method, path, body));
    await this._transfer();
    return result;
  };

  private _respond(method: string, path: string, body: Record<string, unknown>): unknown {
    const [, token, rest] = /^\/visitor\/conversations\/([^/]+)\/(.*)$/.exec(path) || [];
    const thread = this.threads.find((t) => t.conversation.token === token);
    if (path === '/visitor/sessions') return session({ conversation: this.open?.conversation || null });
    if (path === '/visitor/conversations' && method === 'POST') {
      const sentIn = (t: Thread) => this._sent.get(t.conversation.token + body.clientMessageId);
      const known = this.threads.slice(-repeatable).find(sentIn);
      if (known) return { conversation: known.conversation, message: sentIn(known) };
      const stored = this._post(this.open?.conversation.token, body);
      return { conversation: this.open!.conversation, message: stored };
    }
    if (path.startsWith('/visitor/conversations?')) {
      return { data: this.threads.map((t) => ({ conversation: t.conversation, lastMessage: null })).reverse() };
    }
    if (!thread) throw httpError(404, path);
    if (rest!.startsWith('messages?after=')) {
      const found = thread.messages.filter((m) => m.id > Number(rest!.split('=')[1]));
      return newsOf(found.slice(0, pageSize), {
        conversation: thread.conversation,
        hasMore: found.length > pageSize,
      });
    }
    if (rest !== 'messages') return null;
    return this._post(token, body);
  }

  /** _post stores a message once in each conversation. One that has ended takes no other. */
  private _post(token: string | undefined, { clientMessageId, content }: Record<string, unknown>): Message {
    const known = this._sent.get(token + String(clientMessageId));
    if (known) return known;
    if (token !== this.open?.conversation.token) throw httpError(404, 'messages');
    const stored = this.add((id) => message(id, { content: content as string }));
    this._sent.set(this.open!.conversation.token + clientMessageId, stored);
    return stored;
  }
}

/** play lets things happen for a while, and returns what the chat shows and what the server has. */
async function play(seed: number) {
  const random = generator(seed);
  vi.spyOn(Math, 'random').mockImplementation(random);
  vi.stubGlobal('localStorage', storageOf());
  const store = new Store(random);
  const page = new FakePage();
  page.sleep = (ms?: number) => pause((ms || 0) / 20);
  const chat = new Chat(
    store as unknown as Api,
    page,
    'wgt_a',
    new SavedState('wgt_a'),
    () => {},
    () => {},
  );
  chat.resume();
  let count = 0;
  const send = () => chat.send('own ' + ++count);
  const deeds = [
    () => store.add(message),
    () => store.add(message),
    () => store.add(agentMessage),
    send,
    () => store.breakStream(),
    () => random() < 0.4 && store.close(),
    () => chat.conversation?.status === 'CLOSED' && random() < 0.5 && chat.leaveConversation(),
    () => chat.addContext({ seed }).catch(() => {}),
  ];
  for (let step = 0; step < steps; step++) {
    deeds[Math.floor(random() * deeds.length)]!();
    await vi.advanceTimersByTimeAsync(random() * 3 * maxDelay);
  }
  store.isLossy = false;
  await vi.advanceTimersByTimeAsync(20_000);
  if (!chat.conversation) send(); // without a conversation there is no stream
  await vi.advanceTimersByTimeAsync(5_000);
  store.add(message);
  await vi.advanceTimersByTimeAsync(5_000);
  const own = store.threads.flatMap((t) => t.messages.map((m) => m.content)).filter((text) => text.startsWith('own'));
  const isOnce = own.length === count && new Set(own).size === count;
  return { isOnce, shown: chat.messages.map((m) => m.id), stored: store.open!.messages.map((m) => m.id) };
}

afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it(`loses no message in ${seeds} random plays`, async () => {
  const lost: unknown[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    vi.useFakeTimers();
    const { isOnce, shown, stored } = await play(seed);
    const isSame = String(shown) === String(stored);
    if (!isOnce || !isSame) lost.push({ seed, isOnce, shown: String(shown), stored: String(stored) });
    vi.clearAllTimers();
  }
  expect(lost).toEqual([]);
}, 60_000);
