// The views of the tickets, and how a filter becomes a query.
import type { TicketCounts } from '../../../../../libs/web/api';
import type { TicketFilter } from '../../api/keys';
import { t, tEnum } from '../../texts';

export const noFilter: TicketFilter = {
  status: '',
  priority: '',
  assignee: '',
  channel: '',
  tag: '',
  sort: '',
  search: '',
};

export const active = 'NEW,OPEN,PENDING';

interface View {
  id: string;
  text: () => string;
  filter: Partial<TicketFilter>;
  count: (counts: TicketCounts) => number | null;
}

export const views: readonly View[] = [
  { id: 'active', text: () => t('ticketsActive'), filter: { status: active }, count: (c) => c.active },
  { id: 'mine', text: () => t('viewMine'), filter: { status: active, assignee: 'me' }, count: (c) => c.mine },
  {
    id: 'unassigned',
    text: () => t('unassigned'),
    filter: { status: active, assignee: 'none' },
    count: (c) => c.unassigned,
  },
  {
    id: 'urgent',
    text: () => tEnum('priority', 'URGENT'),
    filter: { status: active, priority: 'URGENT' },
    count: (c) => c.urgent,
  },
  { id: 'all', text: () => t('allTickets'), filter: {}, count: () => null },
];

/** isShown reports whether a filter has the rows of a view, in whatever order, perhaps searched. */
export const isShown = (view: View, filter: TicketFilter) => {
  const { sort: _, search: __, ...rows } = filter;
  const { sort: ___, search: ____, ...wanted } = { ...noFilter, ...view.filter };
  return JSON.stringify(rows) === JSON.stringify(wanted);
};

export const sorts = ['best', 'newest', 'oldest', 'activity', 'priority'] as const;
export const sortTexts = {
  best: 'sortBest',
  newest: 'sortNewest',
  oldest: 'sortOldest',
  activity: 'sortActivity',
  priority: 'sortPriority',
} as const;

/** sortsOf returns the orders that a filter may have. A search has one of its own, and none that needs another index. */
export const sortsOf = ({ search }: TicketFilter) => (search ? sorts.slice(0, 3) : sorts.slice(1));

/** sortOf returns the order of a filter. */
export const sortOf = (filter: TicketFilter): (typeof sorts)[number] =>
  sortsOf(filter).find((s) => s === filter.sort) ?? (filter.search ? 'best' : 'activity');

/** queryOf returns the parameters of the list for a filter. */
export function queryOf(filter: TicketFilter): Record<string, string> {
  const { assignee, ...others } = filter;
  return { ...others, assigneeId: assignee, sort: sortOf(filter) };
}
