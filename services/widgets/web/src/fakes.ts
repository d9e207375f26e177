// Stand-ins for the server, the browser and its storage, for the tests.
import { vi } from 'vitest';
import type { Attachment, Conversation, Message } from '../../../../libs/web/api';
import type { Frame } from '../../../../libs/web/sse';
import { httpError } from './api';
import type { Page } from './page';
import type { share } from './share';

/** storageOf is a localStorage with these entries. */
export function storageOf(entries: Record<string, unknown> = {}) {
  const texts = new Map(Object.entries(entries).map(([key, value]) => [key, JSON.stringify(value)]));
  return {
    getItem: (key: string) => texts.get(key) ?? null,
    setItem: (key: string, text: string) => void texts.set(key, text),
    removeItem: (key: string) => void texts.delete(key),
    key: (i: number) => [...texts.keys()][i] ?? null,
    get length() {
      return texts.size;
    },
  };
}

/** refusingStorage is the localStorage of a browser that blocks it. */
export const refusingStorage = {
  getItem: () => {
    throw new Error('storage is blocked');
  },
  setItem: () => {
    throw new Error('storage is blocked');
  },
};

export const conversation = (fields: Partial<Conversation> = {}) =>
  ({ token: 'con_a', status: 'OPEN', rating: null, ...fields }) as Conversation;

export const message = (id: number, fields: Partial<Message> = {}) =>
  ({
    id,
    content: 'text ' + id,
    senderType: 'VISITOR',
    userId: null,
    read: false,
    createdAt: '2026-03-15T09:00:00Z',
    ...fields,
  }) as Message;

/** attachment is an uploaded picture. */
export const attachment = (id: number, name: string) =>
  ({ id, name, type: 'image/png', size: 3, url: '/f/' + id, thumbnailUrl: '/t/' + id }) as Attachment;

/** agentMessage is written by the agent 7. */
export const agentMessage = (id: number) => message(id, { senderType: 'USER', userId: 7 });

export class FakePage implements Page {
  hidden = false;
  isHidden = () => this.hidden;
  address = 'https://shop.example/';
  context = () => ({ page: this.address });
  navigate = () => {};
  stored = (_e: { key?: string | null }) => {};
  alone = <T>(f: () => Promise<T>) => f();
  share: typeof share = (_name, ended, lead, receive) => lead(receive, ended);
  origin = () => 'https://shop.example';
  listen = (navigated: () => void, stored: (e: { key?: string | null }) => void) => {
    this.navigate = navigated;
    this.stored = stored;
  };
  /** sleep ends in the next turn of the event loop, however long it should take. */
  sleep = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
}

interface Request {
  route: string; // method and path
  body: Record<string, unknown>;
}

type Response = unknown | ((body: Record<string, unknown>) => unknown);

/** FakeServer answers what the chat requests, and emits events. */
export class FakeServer {
  readonly requests: Request[] = [];
  connections = 0;
  lastEventId = ''; // of the last connection
  reachable = false;
  private readonly _responses = new Map<string, Response[]>();
  private _onEvent: ((frame: Frame) => void) | null = null;
  private _closeStream: ((err: Error) => void) | null = null;

  /** on sets the responses to a route, in order. The last one is repeated. An Error is thrown. */
  on(route: string, ...responses: Response[]) {
    this._responses.set(route, responses);
    return this;
  }

  call = async (method: string, path: string, sent: Record<string, unknown> = {}) => {
    const route = method + ' ' + path;
    const body = JSON.parse(JSON.stringify(sent)) as Record<string, unknown>;
    this.requests.push({ route, body });
    const responses = this._responses.get(route) || [httpError(404, path)];
    const response = responses.length > 1 ? responses.shift() : responses[0];
    const result = typeof response === 'function' ? await response(body) : response;
    if (result instanceof Error) throw result;
    return result;
  };

  upload = ({ name, size }: File) => this.call('POST', '/visitor/files', { name, size });

  stream = (lastEventId: string, _signal: AbortSignal, onEvent: (frame: Frame) => void) => {
    this.connections++;
    this.lastEventId = lastEventId;
    this._onEvent = onEvent;
    return new Promise<void>((_resolve, reject) => {
      this._closeStream = reject;
    });
  };

  isReachable = async () => this.reachable;

  private _visit = new AbortController();
  get signal() {
    return this._visit.signal;
  }

  /** forget ends the stream, as the Api does. */
  forget() {
    this._visit.abort();
    this._visit = new AbortController();
    this._closeStream?.(new Error('forgotten'));
  }

  emit(event: string, data: object, id = '') {
    this._onEvent!({ id, event, data: event === 'ready' ? data : { data } } as unknown as Frame);
  }

  breakStream() {
    this._closeStream!(new Error('connection lost'));
  }

  /** bodies returns what was sent to a route. */
  bodies(route: string) {
    return this.requests.filter((r) => r.route === route).map((r) => r.body);
  }
}

interface Held {
  lose: () => void;
}

/** Browser has the locks and channels that tabs of one origin share. All tabs of a test have one window. */
export class Browser extends EventTarget {
  readonly document = { hidden: false };
  suspended = -1; // the number of the channel that receives nothing
  private readonly _channels: { name: string; onmessage?: (e: { data: unknown }) => void; isClosed: boolean }[] = [];
  private _holder?: Held | undefined;
  private readonly _queue: (() => void)[] = [];

  private readonly _request = (
    _name: string,
    { ifAvailable, steal, signal }: LockOptions,
    callback: (lock: object | null) => Promise<void> | undefined,
  ) =>
    new Promise<void>((resolve, reject) => {
      const grant = () => {
        const held: Held = { lose: () => reject(new Error('stolen')) };
        this._holder = held;
        Promise.resolve(callback({})).then(() => {
          resolve();
          if (this._holder !== held) return;
          this._holder = undefined;
          this._queue.shift()?.();
        });
      };
      signal?.addEventListener('abort', () => {
        const place = this._queue.indexOf(grant);
        if (place < 0) return;
        this._queue.splice(place, 1);
        reject(new Error('aborted'));
      });
      if (steal) this._holder?.lose();
      if (steal || !this._holder) grant();
      else if (ifAvailable) Promise.resolve(callback(null)).then(resolve);
      else this._queue.push(grant);
    });

  /** stub makes this the browser of the test. */
  stub() {
    const channels = this._channels;
    const browser = this;
    vi.stubGlobal('navigator', { locks: { request: this._request } });
    vi.stubGlobal('document', this.document);
    for (const name of ['addEventListener', 'removeEventListener'] as const) {
      vi.stubGlobal(name, this[name].bind(this));
    }
    vi.stubGlobal(
      'BroadcastChannel',
      class {
        onmessage?: (e: { data: unknown }) => void;
        isClosed = false;
        constructor(readonly name: string) {
          channels.push(this);
        }
        postMessage(data: unknown) {
          if (channels[browser.suspended] === this) return;
          channels.forEach((c, i) => {
            if (c === this || c.name !== this.name || i === browser.suspended) return;
            setTimeout(() => c.isClosed || c.onmessage?.({ data: structuredClone(data) }));
          });
        }
        close() {
          this.isClosed = true;
        }
      },
    );
  }
}
