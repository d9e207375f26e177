// A chat between stand-ins for the server and the browser, for the tests of its parts. They are new in each test.
import { afterEach, beforeEach, vi } from 'vitest';
import { httpError, type Api } from './api';
import { Chat } from './chat';
import { agentMessage, conversation, FakePage, FakeServer, storageOf } from './fakes';
import { SavedState } from './storage';

export const SESSIONS = 'POST /visitor/sessions';
export const HEARTBEAT = 'POST /visitor/heartbeat';
export const OPEN = 'POST /visitor/conversations';
export const POST = 'POST /visitor/conversations/con_a/messages';
export const READ = 'POST /visitor/conversations/con_a/read';
export const CLOSE = 'POST /visitor/conversations/con_a/close';
export const TYPING = 'POST /visitor/conversations/con_a/typing';
export const news = (after: number) => `GET /visitor/conversations/con_a/messages?after=${after}`;

/** visitorIds are those of the visitors whose tokens they are. */
const visitorIds: Record<string, number> = { vis_a: 1, vis_b: 2, vis_other: 3 };

export const session = (fields: { visitorToken?: string } & Record<string, unknown> = {}) => ({
  visitor: { id: visitorIds[fields.visitorToken || 'vis_a'] },
  visitorToken: 'vis_a',
  visitorSecret: 'secret_a',
  agentsOnline: true,
  conversation: null,
  ...fields,
});

export const newsOf = (messages: unknown[] = [], fields: object = {}) => ({
  conversation: conversation(),
  messages,
  users: [],
  hasMore: false,
  ...fields,
});

export const refused = (status: number) => httpError(status, '/');

export let server: FakeServer;
export let page: FakePage;
export let saved: SavedState;

export function newChat(onAgentMessage: (content: string) => void = () => {}) {
  return new Chat(server as unknown as Api, page, 'wgt_a', saved, () => {}, onAgentMessage);
}

/** startedChat has a conversation with an agent's message of an earlier page, and an open event stream. */
export async function startedChat(onAgentMessage?: (content: string) => void) {
  server.on(SESSIONS, session({ conversation: conversation() })).on(news(0), newsOf([agentMessage(1)]));
  const chat = newChat(onAgentMessage);
  await chat.start();
  return chat;
}

/** settle lets the pending requests and retries finish. */
export const settle = () => vi.advanceTimersByTimeAsync(100);
export const texts = (chat: Chat) => chat.messages.map((m) => `${m.content}: ${m.state}`);

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
