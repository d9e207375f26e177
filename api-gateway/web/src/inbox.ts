// The inbox's groups of conversations, and the facts about a visitor.
import type { Conversation, Visitor } from '../../../libs/web/api';
import type { LoadedThread } from './thread';

export interface Groups {
  own: Conversation[];
  unassigned: Conversation[];
  others: Conversation[];
}

/** groupByAssignee puts the conversation with the latest message first. agentId is undefined if no agent is chosen. */
export function groupByAssignee(
  conversations: Iterable<Conversation>,
  threads: ReadonlyMap<string, LoadedThread>,
  agentId?: number,
): Groups {
  const lastActivity = (c: Conversation) =>
    Date.parse(threads.get(c.token)?.thread.messages.at(-1)?.createdAt || c.createdAt);
  const sorted = [...conversations].sort((a, b) => lastActivity(b) - lastActivity(a));
  return {
    own: sorted.filter((c) => c.assigneeId && c.assigneeId === agentId),
    unassigned: sorted.filter((c) => !c.assigneeId),
    others: sorted.filter((c) => c.assigneeId && c.assigneeId !== agentId),
  };
}

export interface VisitorFacts {
  /** user is the website's name of the visitor; '' if unknown. */
  user: string;
  /** isVerified reports whether the website has signed it. Otherwise only the page says so. */
  isVerified: boolean;
  place: string;
  ip: string;
  context: [string, string][];
}

/** visitorFacts reads what is known about a visitor. A context that isn't a JSON object counts as empty. */
export function visitorFacts(visitor: Visitor | null): VisitorFacts {
  let context: [string, unknown][] = [];
  try {
    context = Object.entries(JSON.parse(visitor?.context || '{}') as object);
  } catch {
    // The context is malformed.
  }
  const { userId, name, email, verified } = visitor?.identity || {};
  return {
    user: [userId, name, email].filter(Boolean).join(' · '),
    isVerified: !!verified,
    place: [visitor?.city, visitor?.country].filter(Boolean).join(' '),
    ip: visitor?.ip || '',
    context: context
      .filter(([, value]) => value !== '')
      .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  };
}
