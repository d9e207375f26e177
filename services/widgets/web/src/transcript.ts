// The messages that the chat shows: stored ones in the order of their ids, then drafts. All functions work on a plain
// array.
import type { Attachment, Message } from '../../../../libs/web/api';
import type { Draft } from './storage';

export interface ChatMessage {
  key: string; // identifies the message on the screen; a draft keeps its key when it is stored
  id: number; // 0 for a draft
  content: string;
  files: readonly Attachment[];
  at: number; // when it was written, in milliseconds
  from: Message['senderType'];
  agent: number | null;
  state: 'sending' | 'failed' | 'sent' | 'read';
}

function insert(messages: ChatMessage[], added: ChatMessage) {
  const next = added.id ? messages.findIndex((m) => !m.id || m.id > added.id) : -1;
  messages.splice(next < 0 ? messages.length : next, 0, added);
}

/** mergeStored adds a stored message, or updates the state of one that is there. It reports whether it was added. */
export function mergeStored(messages: ChatMessage[], stored: Message): boolean {
  const known = messages.find((m) => m.id === stored.id);
  if (known) {
    if (stored.read) known.state = 'read'; // a response that isn't read may be older than the event that it is
    return false;
  }
  const { id, content, senderType, userId, attachments: files = [] } = stored; // a server of before has none
  const at = Date.parse(stored.createdAt);
  const state = stored.read ? 'read' : 'sent';
  insert(messages, { key: 'm' + id, id, content, files, at, from: senderType, agent: userId, state });
  return true;
}

/** addDraft appends a draft unless it is there. */
export function addDraft(messages: ChatMessage[], { id, content, files = [] }: Draft) {
  if (messages.some((m) => m.key === id)) return;
  insert(messages, { key: id, id: 0, content, files, at: Date.now(), from: 'VISITOR', agent: null, state: 'sending' });
}

/** acknowledgeDraft marks a draft as stored, or removes it if the stored message is there: another page has sent it. */
export function acknowledgeDraft(messages: ChatMessage[], draft: ChatMessage, { id, createdAt }: Message) {
  const isShown = messages.some((m) => m.id === id);
  const place = messages.findIndex((m) => m.key === draft.key); // none if the visitor was replaced meanwhile
  if (place >= 0) messages.splice(place, 1);
  if (!isShown) insert(messages, Object.assign(draft, { id, at: Date.parse(createdAt), state: 'sent' }));
}

/** unread returns the messages from agents or from the visitor that the other side hasn't read. */
export const unread = (messages: ChatMessage[], from: 'USER' | 'VISITOR') =>
  messages.filter((m) => m.from === from && m.state === 'sent');

export function markRead(messages: ChatMessage[], from: 'USER' | 'VISITOR') {
  for (const m of unread(messages, from)) m.state = 'read';
}
