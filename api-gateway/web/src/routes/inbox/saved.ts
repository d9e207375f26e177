// Saved views: their addresses, their lists, and the filter that a new one gets. All functions are pure.
import type { InboxRow, SavedView, Team, ViewFilter } from '../../../../../libs/web/api';
import { isOverdue, orders, type ListSpec } from '../../api/rows';
import { viewOf } from './views';

/** NamedView is a saved view, or the view of a team, whose id is the team's below zero. */
export type NamedView = Pick<SavedView, 'id' | 'name' | 'filter' | 'sort' | 'updatedAt'>;

/** teamView returns the view of a team: its open conversations. */
export const teamView = ({ id, name, updatedAt }: Team): NamedView => ({
  id: -id,
  name,
  filter: { status: ['OPEN'], snoozed: false, teamId: [String(id)] },
  sort: 'newest',
  updatedAt,
});

/** pathOf returns the name of a saved view or of a team's in addresses. */
export const pathOf = ({ id }: NamedView) => (id < 0 ? `team-${-id}` : `saved-${id}`);

/** isSaved reports whether an address names a saved view or a team's. */
export const isSaved = (name: string | undefined) => /^(saved|team)-/.test(name ?? '');

/** viewName returns the view of an address: a saved one, or one that every inbox has. */
export const viewName = (name: string | undefined): string => (isSaved(name) ? name! : viewOf(name).id);

/** savedOf returns the saved view that an address names. */
export const savedOf = (name: string | undefined, views: readonly NamedView[]) => views.find((v) => pathOf(v) === name);

/** savedSpec returns the list of a saved view for an agent. */
export function savedSpec(view: NamedView, userId: number): ListSpec {
  const { filter, sort, updatedAt } = view;
  const entries = Object.entries(filter).map(([name, value]) => [name, String(value)]); // lists get commas
  const { search } = filter;
  return {
    name: `${pathOf(view)} ${updatedAt}`,
    query: { ...Object.fromEntries(entries), sort },
    // Only the server knows what a search finds.
    ...(!search && { accepts: (row) => fits(row, filter, userId) && (sort !== 'waiting' || !!row.waitingSince) }),
    compare: orders[sort],
  };
}

/** fits reports whether a row meets the conditions of a filter, as the server checks them. */
export function fits({ conversation, ...row }: InboxRow, filter: ViewFilter, userId: number): boolean {
  const { status, assigneeId, teamId, tag, rating, mentioned, waiting, overdue, snoozed, spam = false } = filter;
  const users = assigneeId?.map((a) => (a === 'me' ? userId : a === 'none' ? null : Number(a)));
  const wanted = mentioned && (mentioned === 'me' ? userId : Number(mentioned));
  return (
    (!status?.length || status.includes(conversation.status)) &&
    (!users?.length || users.includes(conversation.assigneeId)) &&
    (!teamId?.length || teamId.includes(String(row.teamId ?? 'none'))) &&
    (!tag?.length || tag.some((name) => conversation.tags.includes(name))) &&
    (!rating?.length || rating.includes(conversation.rating ?? 0)) &&
    (!wanted || row.mentions.includes(wanted)) &&
    (waiting === undefined || waiting === (row.waitingSince !== null)) &&
    (overdue === undefined || overdue === isOverdue({ conversation, ...row })) &&
    (snoozed === undefined || snoozed === !!row.snoozedUntil) &&
    spam === row.spam
  );
}

/** filterOf returns the filter of a search, which is in all conversations, or of a view. */
export function filterOf(view: string | undefined, search: string, userId: number): ViewFilter {
  if (search) return { search };
  const filter: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(viewOf(view).query(userId))) {
    if (name === 'status') filter[name] = [value];
    else if (name === 'assigneeId') filter[name] = [value === String(userId) ? 'me' : value];
    else filter[name] = value === 'true' ? true : value === 'false' ? false : value;
  }
  return filter;
}

/** moved returns the new positions, by id, after a view moved before the one above it. */
export function moved(views: readonly SavedView[], view: SavedView): Map<number, number> {
  const at = views.indexOf(view);
  if (at < 1) return new Map();
  const order = [...views];
  [order[at - 1], order[at]] = [view, order[at - 1]!];
  const all = order.map((v, position) => [v, position] as const);
  return new Map(all.filter(([v, position]) => v.position !== position).map(([v, position]) => [v.id, position]));
}
