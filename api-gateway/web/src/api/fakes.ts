// Stand-ins for the server and the browser, for the tests.
import type { Conversation, InboxRow, Message, Thread, User } from '../../../../libs/web/api';
import type { Frame } from '../../../../libs/web/sse';
import type { Page } from './live';
import type { ThreadState } from './thread';

export const ada = { id: 7, name: 'Ada' } as User;
export const nils = { id: 8, name: 'Nils' } as User;

export const conversation = (token: string, fields: Partial<Conversation> = {}) =>
  ({
    id: 1,
    token,
    status: 'OPEN',
    assigneeId: null,
    visitorId: 3,
    createdAt: '2026-01-01',
    tags: [],
    ...fields,
  }) as Conversation;

export const message = (id: number, fields: Partial<Message> = {}) =>
  ({
    id,
    content: 'text ' + id,
    senderType: 'VISITOR',
    userId: null,
    read: false,
    createdAt: `2026-01-01T00:00:0${id}Z`,
    ...fields,
  }) as Message;

export const thread = (token: string, messages: Message[] = [], fields: Partial<Conversation> = {}) =>
  ({ conversation: conversation(token, fields), messages, users: [], visitor: { name: 'Vera' } }) as unknown as Thread;

export const state = (messages: Message[] = [], fields: Partial<ThreadState> = {}): ThreadState => ({
  messages,
  users: [],
  visitor: null,
  assignments: [],
  ...fields,
});

export const row = (token: string, fields: Partial<Conversation> = {}, others: Partial<InboxRow> = {}) =>
  ({
    conversation: conversation(token, fields),
    visitor: { id: 3, name: 'Vera' },
    assignee: null,
    lastMessage: null,
    unread: 0,
    unreadByMe: 0,
    waitingSince: null,
    feedback: null,
    ratedAt: null,
    snippet: null,
    notes: 0,
    snoozedUntil: null,
    spam: false,
    mentions: [],
    scheduledReply: null,
    teamId: null,
    responseDueAt: null,
    resolutionDueAt: null,
    ...others,
  }) as InboxRow;

export class FakePage implements Page {
  hidden = false;
  notifications: string[] = [];
  rings = 0;
  isHidden = () => this.hidden;
  ring = () => void this.rings++;
  notify = (title: string, text: string, token: string) => void this.notifications.push(`${title}: ${text} (${token})`);
}

/** FakeServer answers what Live requests, and emits events. */
export class FakeServer {
  readonly requests: { route: string; body: Record<string, unknown> }[] = [];
  connections: string[] = []; // the id of the last event, of each connection
  private readonly _responses = new Map<string, unknown[]>();
  private _onEvent: ((frame: Frame) => void) | null = null;
  private _closeStream: ((err: Error) => void) | null = null;

  /** on sets the responses to a route without its query, in order. The last one is repeated. An Error is thrown. */
  on(route: string, ...responses: unknown[]) {
    this._responses.set(route, responses);
    return this;
  }

  call = async (method: string, path: string, body: Record<string, unknown> = {}) => {
    const route = `${method} ${path.split('?')[0]}`;
    this.requests.push({ route, body });
    const responses = this._responses.get(route) || [null];
    const response = responses.length > 1 ? responses.shift() : responses[0];
    const result = typeof response === 'function' ? await response(path) : response;
    if (result instanceof Error) throw result;
    return structuredClone(result);
  };

  get = (path: string) => this.call('GET', path);
  getWithMessages = (path: string) => this.call('GET', path);

  upload = ({ name, size }: File) => this.call('POST', '/files', { name, size });

  stream = (lastEventId: string, signal: AbortSignal, onEvent: (frame: Frame) => void) => {
    this.connections.push(lastEventId);
    this._onEvent = onEvent;
    return new Promise<void>((_resolve, reject) => {
      this._closeStream = reject;
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  };

  emit(event: string, data: object, id = '') {
    const at = '2026-01-01T00:00:05Z';
    this._onEvent!({ id, event, data: event === 'ready' ? data : { at, data } } as unknown as Frame);
  }

  breakStream() {
    this._closeStream!(new Error('connection lost'));
  }

  bodies(route: string) {
    return this.requests.filter((r) => r.route === route).map((r) => r.body);
  }
}

/** memoryStorage is a localStorage that is empty at first. */
export function memoryStorage() {
  const storage = Object.create({
    getItem: (key: string) => (Object.hasOwn(storage, key) ? storage[key] : null),
    setItem: (key: string, value: string) => void (storage[key] = value),
    removeItem: (key: string) => void delete storage[key],
  });
  return storage as Storage;
}
