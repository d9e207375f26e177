// Changes of what the cache has, by events and by the agent.
import type { QueryClient, QueryKey } from '@tanstack/react-query';

/**
 * change changes what the cache has under a key. What wasn't read stays unread. What is stale stays stale, unlike with
 * setQueryData: a change doesn't make up for what was missed before it.
 */
export function change<T>(queries: QueryClient, queryKey: QueryKey, apply: (data: T) => T) {
  const query = queries.getQueryCache().find<T>({ queryKey });
  const data = query?.state.data;
  if (!query || data === undefined) return;
  const changed = apply(data);
  if (changed === data) return;
  const { isInvalidated } = query.state;
  query.setData(changed, { manual: true });
  if (isInvalidated) query.invalidate();
}
