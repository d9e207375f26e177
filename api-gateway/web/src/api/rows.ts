// The rows of the inbox and the lists that they are in. All functions are pure.
import type { Conversation, ConversationPatch, InboxRow, Message, User } from '../../../../libs/web/api';

const maxExcerpt = 240; // characters, about what the server cuts an excerpt to

/** applyConversation replaces the conversation of a row. */
export function applyConversation(row: InboxRow, conversation: Conversation, users: readonly User[]): InboxRow {
  const { assigneeId } = conversation;
  const user = users.find((u) => u.id === assigneeId);
  const isSame = row.assignee?.id === assigneeId;
  const assignee = user && { id: user.id, name: user.name, avatarUrl: user.avatarUrl };
  return {
    ...row,
    conversation,
    assignee: assigneeId === null ? null : isSame ? row.assignee : (assignee ?? null),
    waitingSince: conversation.status === 'OPEN' ? row.waitingSince : null,
    snoozedUntil: conversation.status === 'OPEN' ? row.snoozedUntil : null,
  };
}

/** Aside is the part of a change that the row shows, and not its conversation. */
export type Aside = Pick<ConversationPatch, 'snoozedUntil' | 'spam' | 'teamId'>;

/** applyAside changes whether a row is snoozed or marked as spam, and its team. A closed conversation isn't snoozed. */
export function applyAside(row: InboxRow, change: Aside): InboxRow {
  const { snoozedUntil = row.snoozedUntil, spam = row.spam, teamId = row.teamId } = change;
  return { ...row, snoozedUntil: row.conversation.status === 'OPEN' ? snoozedUntil : null, spam, teamId };
}

/** takeBack returns a row as it was before a change that failed. The messages that have arrived since stay. */
export function takeBack(row: InboxRow, before: InboxRow): InboxRow {
  const { lastMessage, unread, unreadByMe } = row;
  return { ...before, lastMessage, unread, unreadByMe };
}

/** isNews reports whether a row doesn't count a message yet. The server counts it before its event arrives. */
export const isNews = (row: InboxRow, message: Message) =>
  !row.lastMessage || Date.parse(message.createdAt) > Date.parse(row.lastMessage.createdAt);

/** applyMessage adds a message to a row: to its last one, to the unread ones, and to the time of waiting. */
export function applyMessage(row: InboxRow, message: Message): InboxRow {
  if (!isNews(row, message)) return row;
  const { senderType, userId, createdAt } = message;
  const content = message.content.replace(/\s+/g, ' ').slice(0, maxExcerpt);
  const isFromVisitor = senderType === 'VISITOR';
  const waitingSince = isFromVisitor
    ? (row.waitingSince ?? createdAt)
    : senderType === 'USER'
      ? null
      : row.waitingSince;
  return {
    ...row,
    lastMessage: { content, senderType, userId, createdAt },
    unread: row.unread + (isFromVisitor ? 1 : 0),
    unreadByMe: (row.unreadByMe ?? 0) + (isFromVisitor ? 1 : 0),
    snoozedUntil: isFromVisitor ? null : row.snoozedUntil,
    responseDueAt: senderType === 'USER' ? null : row.responseDueAt,
    waitingSince: row.conversation.status === 'OPEN' ? waitingSince : null,
  };
}

/** ListState is a list as far as it is read. Rows are in the cache by their token. */
export interface ListState {
  tokens: string[];
  nextCursor: string | null;
  /** total is null if the server hasn't counted. */
  total: number | null;
  isAtLeast?: boolean;
  snippets?: Record<string, InboxRow['snippet']>;
}

/** ListSpec says which rows a list has, and in which order. */
export interface ListSpec {
  /** name is the key of the list. */
  name: string;
  /** query is the list's part of the query of GET /inbox. */
  query: Record<string, string>;
  /** accepts reports whether a row belongs to the list. A list without it changes only when it is read again. */
  accepts?: (row: InboxRow) => boolean;
  compare: (a: InboxRow, b: InboxRow) => number;
}

const time = (at: string | null | undefined) => (at ? Date.parse(at) : 0);

/** Orders of lists. newest is the server's default. */
export const orders = {
  newest: (a: InboxRow, b: InboxRow) =>
    time(b.conversation.createdAt) - time(a.conversation.createdAt) || b.conversation.id - a.conversation.id,
  oldest: (a: InboxRow, b: InboxRow) => -orders.newest(a, b),
  activity: (a: InboxRow, b: InboxRow) =>
    time(b.lastMessage?.createdAt ?? b.conversation.createdAt) -
      time(a.lastMessage?.createdAt ?? a.conversation.createdAt) || orders.newest(a, b),
  waiting: (a: InboxRow, b: InboxRow) =>
    (time(a.waitingSince) || Infinity) - (time(b.waitingSince) || Infinity) || orders.oldest(a, b) || 0,
};

/**
 * indexFor returns the index at which a row belongs into sorted tokens. Rows that the cache has dropped are skipped. The
 * search is binary: a list may have 100,000 rows.
 */
function indexFor(
  tokens: string[],
  row: InboxRow,
  compare: ListSpec['compare'],
  rowOf: (token: string) => InboxRow | undefined,
): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    let known = middle;
    while (known < high && !rowOf(tokens[known]!)) known++;
    if (known < high && compare(row, rowOf(tokens[known]!)!) >= 0) low = known + 1;
    else high = middle;
  }
  return low;
}

/** dueAt returns when the first thing in a row is due, or null. Nothing is due while it is snoozed or closed. */
export function dueAt({ conversation, snoozedUntil, responseDueAt, resolutionDueAt }: InboxRow): string | null {
  if (conversation.status !== 'OPEN' || snoozedUntil) return null;
  if (!responseDueAt || !resolutionDueAt) return responseDueAt ?? resolutionDueAt;
  return time(responseDueAt) < time(resolutionDueAt) ? responseDueAt : resolutionDueAt;
}

/** isOverdue reports whether something in a row was due before now. */
export function isOverdue(row: InboxRow, now = Date.now()): boolean {
  const at = dueAt(row);
  return at !== null && time(at) < now;
}

/** place puts a row where it belongs in a list, or removes it. A row that belongs to a later page isn't added. */
export function place(
  list: ListState,
  spec: ListSpec,
  row: InboxRow,
  rowOf: (token: string) => InboxRow | undefined,
): ListState {
  if (!spec.accepts) return list;
  const { token } = row.conversation;
  const at = list.tokens.indexOf(token);
  const tokens = at < 0 ? [...list.tokens] : list.tokens.toSpliced(at, 1);
  const change = (spec.accepts(row) ? 1 : 0) - (at < 0 ? 0 : 1);
  const total = list.total === null ? null : Math.max(0, list.total + change);
  if (!spec.accepts(row)) return at < 0 ? list : { ...list, tokens, total };
  const index = indexFor(tokens, row, spec.compare, rowOf);
  if (index === tokens.length && list.nextCursor) return at < 0 ? { ...list, total } : { ...list, tokens, total };
  if (index === at) return list;
  tokens.splice(index, 0, token);
  return { ...list, tokens, total };
}

/** append adds the next page to a list. */
export function append(list: ListState, page: ListState): ListState {
  const known = new Set(list.tokens);
  return {
    ...list,
    tokens: [...list.tokens, ...page.tokens.filter((t) => !known.has(t))],
    nextCursor: page.nextCursor,
    snippets: page.snippets ? { ...list.snippets, ...page.snippets } : list.snippets,
  };
}
