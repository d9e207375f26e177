// A conversation's messages. All functions are pure: they return a new state, or the same one if nothing changes.
import type { Attachment, ConversationChange, Message, Thread, User, Visitor } from '../../../../libs/web/api';

/** Draft is a reply that the server doesn't have yet. Its id is the same in all attempts: it is stored once. */
export interface Draft {
  id: string;
  content: string;
  /** files are uploaded, and named by the message. */
  files?: Attachment[];
  /** change is made to the conversation together with the message. */
  change?: ConversationChange;
  state: 'sending' | 'failed';
  error: string;
  /** ifLast is the last message that the agent has seen. It isn't sent if another agent has written since; 0: it is. */
  ifLast?: number;
  /** isOvertaken says that it wasn't sent because of that. */
  isOvertaken?: boolean;
}

/** Assignment is the time at which the conversation was assigned to an agent. */
export interface Assignment {
  at: string;
  name: string;
}

/** ThreadState is what the cache has of a conversation beside its row. */
export interface ThreadState {
  messages: Message[];
  users: User[];
  visitor: Visitor | null;
  assignments: Assignment[];
}

/** readThread keeps what only the console knows of a thread that is read again, and what arrived meanwhile. */
export function readThread(thread: Thread, previous: ThreadState | undefined, arrived: Message[]): ThreadState {
  const state = {
    messages: thread.messages,
    users: thread.users,
    visitor: thread.visitor,
    assignments: previous?.assignments || [],
  };
  return arrived.reduce(addMessage, state);
}

/** addMessage adds a message unless it is there. */
export function addMessage(state: ThreadState, message: Message): ThreadState {
  if (state.messages.some((m) => m.id === message.id)) return state;
  const messages = [...state.messages, message].sort((a, b) => a.id - b.id);
  return { ...state, messages };
}

/** assign notes that the conversation was assigned to an agent. */
export function assign(state: ThreadState, at: string, name: string): ThreadState {
  return { ...state, assignments: [...state.assignments, { at, name }] };
}

/** markReadBy marks the messages of the other side as read. */
export function markReadBy(state: ThreadState, reader: Message['senderType']): ThreadState {
  const isUnread = (m: Message) => m.senderType !== reader && !m.read;
  if (!state.messages.some(isUnread)) return state;
  return { ...state, messages: state.messages.map((m) => (isUnread(m) ? { ...m, read: true } : m)) };
}

export const unreadMessages = ({ messages }: ThreadState) =>
  messages.filter((m) => m.senderType === 'VISITOR' && !m.read);

/** lastAnswer returns the newest message of an agent, or undefined. */
export const lastAnswer = ({ messages }: ThreadState) => messages.findLast((m) => m.senderType === 'USER');
