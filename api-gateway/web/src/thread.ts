// A conversation that the console has loaded with its messages. All functions are pure logic on that state.
import type { Conversation, Message, Thread, User } from '../../../libs/web/api';

/** Draft is a reply that the server doesn't have yet. Its id is the same in all attempts: it is stored once. */
export interface Draft {
  id: string;
  content: string;
  state: 'sending' | 'failed';
  error: string;
}

/** Assignment is the time at which the conversation was assigned to an agent. */
export interface Assignment {
  at: string;
  name: string;
}

export interface LoadedThread {
  thread: Thread;
  drafts: Draft[];
  isVisitorTyping: boolean;
  assignments: Assignment[];
}

/** loadedThread keeps what only the console knows of a thread that is loaded again. */
export function loadedThread(thread: Thread, previous?: LoadedThread): LoadedThread {
  return {
    thread,
    drafts: previous?.drafts || [],
    isVisitorTyping: false,
    assignments: previous?.assignments || [],
  };
}

/** addMessage adds a message unless it is there. */
export function addMessage({ thread }: LoadedThread, message: Message) {
  if (!thread.messages.some((m) => m.id === message.id)) thread.messages.push(message);
}

/** updateConversation replaces the conversation. If it was assigned to another agent, that is noted. */
export function updateConversation(loaded: LoadedThread, conversation: Conversation, at: string, users: User[]) {
  const previous = loaded.thread.conversation.assigneeId;
  const assignee = users.find((u) => u.id === conversation.assigneeId);
  if (assignee && assignee.id !== previous) loaded.assignments.push({ at, name: assignee.name });
  loaded.thread.conversation = conversation;
}

/** markReadBy marks the messages of the other side as read. */
export function markReadBy({ thread }: LoadedThread, reader: Message['senderType']) {
  for (const m of thread.messages) if (m.senderType !== reader) m.read = true;
}

export const unreadMessages = ({ thread }: LoadedThread) =>
  thread.messages.filter((m) => m.senderType === 'VISITOR' && !m.read);

/** evict removes the threads that were loaded first, down to a number, except the open one and those with drafts. */
export function evict(threads: Map<string, LoadedThread>, maxThreads: number, openToken: string) {
  for (const [token, loaded] of threads) {
    if (threads.size <= maxThreads) return;
    if (token !== openToken && !loaded.drafts.length) threads.delete(token);
  }
}
