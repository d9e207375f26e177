// The views of the inbox: which conversations each one has, and in which order. saved.ts makes those that agents save.
import type { InboxRow } from '../../../../../libs/web/api';
import { Keep } from '../../api/keep';
import { isOverdue, orders, type ListSpec } from '../../api/rows';
import type { Key } from '../../texts';

export type ViewId = 'mine' | 'unassigned' | 'all' | 'waiting' | 'overdue' | 'mentions' | 'snoozed' | 'closed' | 'spam';

/** Sort is an order of a list. waiting has the rows only whose visitors wait. */
export type Sort = 'newest' | 'oldest' | 'waiting';

export interface View {
  id: ViewId;
  label: Key;
  query: (userId: number) => Record<string, string>;
  accepts: (row: InboxRow, userId: number) => boolean;
  /** sorts are the orders of the view; the first one is the default. */
  sorts: readonly Sort[];
}

const isOpen = ({ conversation, snoozedUntil, spam }: InboxRow) =>
  conversation.status === 'OPEN' && !snoozedUntil && !spam;

const open = { status: 'OPEN', snoozed: 'false' };
const byAge: readonly Sort[] = ['newest', 'oldest'];
const all: readonly Sort[] = ['newest', 'oldest', 'waiting'];

export const views: readonly View[] = [
  {
    id: 'mine',
    label: 'viewMine',
    query: (userId) => ({ ...open, assigneeId: String(userId) }),
    accepts: (row, userId) => isOpen(row) && row.conversation.assigneeId === userId,
    sorts: all,
  },
  {
    id: 'unassigned',
    label: 'unassigned',
    query: () => ({ ...open, assigneeId: 'none' }),
    accepts: (row) => isOpen(row) && row.conversation.assigneeId === null,
    sorts: all,
  },
  { id: 'all', label: 'viewAll', query: () => open, accepts: isOpen, sorts: all },
  {
    id: 'waiting',
    label: 'viewWaiting',
    query: () => ({ ...open, waiting: 'true' }),
    accepts: (row) => isOpen(row) && row.waitingSince !== null,
    sorts: ['waiting', 'newest', 'oldest'],
  },
  {
    id: 'overdue',
    label: 'viewOverdue',
    query: () => ({ ...open, overdue: 'true' }),
    accepts: (row) => isOpen(row) && isOverdue(row),
    sorts: all,
  },
  {
    id: 'mentions',
    label: 'viewMentions',
    query: () => ({ mentioned: 'me' }),
    accepts: (row, userId) => row.mentions.includes(userId),
    sorts: byAge,
  },
  {
    id: 'snoozed',
    label: 'viewSnoozed',
    query: () => ({ status: 'OPEN', snoozed: 'true' }),
    accepts: (row) => row.conversation.status === 'OPEN' && !!row.snoozedUntil && !row.spam,
    sorts: byAge,
  },
  {
    id: 'closed',
    label: 'closed',
    query: () => ({ status: 'CLOSED' }),
    accepts: (row) => row.conversation.status === 'CLOSED' && !row.spam,
    sorts: byAge,
  },
  { id: 'spam', label: 'viewSpam', query: () => ({ spam: 'true' }), accepts: (row) => row.spam, sorts: byAge },
];

const settings = new Keep('browser');

/** viewOf returns the view of an address; an unknown one is the view of all open conversations. */
export const viewOf = (id: string | undefined): View => views.find((v) => v.id === id) ?? views[2]!;

/** lastView returns the view that was shown last in this browser. */
export const lastView = (): ViewId => viewOf(settings.read<string>('view') ?? 'all').id;
export const keepView = (id: ViewId) => settings.write('view', id);

/** sortOf returns the order of a view in this browser. */
export function sortOf(id: ViewId): Sort {
  const { sorts } = viewOf(id);
  const kept = settings.read<Sort>('sort ' + id);
  return sorts.find((sort) => sort === kept) ?? sorts[0]!;
}

export const keepSort = (id: ViewId, sort: Sort) => settings.write('sort ' + id, sort);

/** listOf returns the list of a view for an agent. */
export function listOf(id: ViewId, userId: number, sort = sortOf(id)): ListSpec {
  const view = viewOf(id);
  return {
    name: `${view.id} ${sort}`,
    query: { ...view.query(userId), sort },
    accepts: (row) => view.accepts(row, userId) && (sort !== 'waiting' || row.waitingSince !== null),
    compare: orders[sort],
  };
}

/** attention is the list of open conversations that this agent should look at: theirs and unassigned ones. */
export const attention = (userId: number): ListSpec => ({
  name: 'attention',
  query: { ...open, assigneeId: `${userId},none` },
  accepts: (row) => isOpen(row) && [null, userId].includes(row.conversation.assigneeId),
  compare: orders.newest,
});

/** searchOf returns the list of what a search finds, among all conversations. */
export const searchOf = (text: string): ListSpec => ({
  name: 'search ' + text,
  query: { search: text, snippets: 'true', sort: 'best' },
  compare: orders.newest,
});
