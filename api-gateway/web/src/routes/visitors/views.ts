// The views of the visitors, and how a filter becomes a query.
import type { VisitorFilter } from '../../api/keys';

export const noFilter: VisitorFilter = { view: '', sort: '', page: '', search: '' };

export const views = ['online', 'all', 'verified', 'blocked'] as const;
export type ViewId = (typeof views)[number];
export const viewTexts = {
  online: 'onSite',
  all: 'allVisitors',
  verified: 'verifiedVisitors',
  blocked: 'blockedVisitors',
} as const;

export const sorts = ['seen', 'newest', 'oldest'] as const;
export const sortTexts = { seen: 'sortSeen', newest: 'sortNewest', oldest: 'sortOldest' } as const;

export const viewOf = ({ view }: VisitorFilter): ViewId => views.find((v) => v === view) ?? 'online';

/** sortsOf returns the orders of a list. A search among all visitors isn't in the order of their last sight. */
export const sortsOf = (filter: VisitorFilter) =>
  filter.search && viewOf(filter) !== 'online' ? sorts.slice(1) : sorts;

/** sortOf returns the order of a filter. */
export const sortOf = (filter: VisitorFilter) => {
  const possible = sortsOf(filter);
  return possible.find((s) => s === filter.sort) ?? possible[0]!;
};

/** queryOf returns the parameters of the list for a filter. Only visitors who are on the website have a page. */
export function queryOf(filter: VisitorFilter): Record<string, string> {
  const view = viewOf(filter);
  return {
    online: view === 'online' ? 'true' : '',
    verified: view === 'verified' ? 'true' : '',
    blocked: view === 'blocked' ? 'true' : '',
    pagePath: view === 'online' && filter.page.startsWith('/') ? filter.page : '',
    search: filter.search,
    sort: sortOf(filter),
  };
}
