// A list that is read page by page, and the button below it.
import type { ReactNode } from 'react';
import { t } from '../texts';
import { Failure, Skeleton } from './parts';

interface Paged {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** ShowMore reads the next page, if there is one. */
export function ShowMore({ read, className = 'button' }: { read: Paged; className?: string }) {
  if (!read.hasNextPage) return null;
  return (
    <button
      type="button"
      className={className}
      disabled={read.isFetchingNextPage}
      onClick={() => void read.fetchNextPage()}
    >
      {t('showMore')}
    </button>
  );
}

interface PagedListProps<T> {
  read: Paged & { rows: T[]; error: unknown; isPending: boolean; refetch: () => Promise<unknown> };
  id: string; // of the element
  rows: number; // shown while the first page is read
  none: string;
  row: (row: T) => ReactNode;
}

/** PagedList shows the rows that have been read, or why there are none. */
export function PagedList<T extends { id: number | string }>({ read, id, rows, none, row }: PagedListProps<T>) {
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (read.isPending) return <Skeleton rows={rows} />;
  return (
    <>
      <ul className="list wide" id={id}>
        {read.rows.map((r) => (
          <li key={r.id}>{row(r)}</li>
        ))}
      </ul>
      {!read.rows.length && <p className="dim">{none}</p>}
      <ShowMore read={read} />
    </>
  );
}
