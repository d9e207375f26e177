// A list of which only the visible rows are elements. It reads on before its end is reached.
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type ReactNode } from 'react';
import { t } from '../texts';
import { explain } from './parts';

const readAhead = 15; // rows before the end at which the next page is read

interface Paged {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  error: unknown;
  fetchNextPage: () => Promise<unknown>;
}

interface VirtualListProps<T> {
  rows: T[];
  idOf: (row: T) => string;
  render: (row: T) => ReactNode;
  /** height is that of a row in pixels, as in the style sheet. */
  height: number;
  read: Paged;
}

export function VirtualList<T>({ rows, idOf, render, height, read }: VirtualListProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({
    count: rows.length + (read.hasNextPage ? 1 : 0),
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 8,
    getItemKey: (i) => (rows[i] ? idOf(rows[i]) : 'more'),
  });
  useEffect(() => list.measure(), [height]);
  const items = list.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, error, fetchNextPage } = read;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !error && lastShown >= rows.length - readAhead) void fetchNextPage();
  }, [lastShown, rows.length, hasNextPage, isFetchingNextPage, error]);
  return (
    <div className="scroll" ref={box} data-count={rows.length}>
      <ul className="list wide virtual" style={{ height: list.getTotalSize() }}>
        {items.map(({ index, key, start, size }) => (
          <li
            key={key}
            style={{ transform: `translateY(${start}px)`, height: size }}
            aria-setsize={hasNextPage ? -1 : rows.length}
            aria-posinset={index + 1}
          >
            {rows[index] ? (
              render(rows[index])
            ) : error ? (
              <button type="button" className="link more" onClick={() => void fetchNextPage()}>
                {explain(error)} {t('tryAgain')}
              </button>
            ) : (
              <div className="row loading" />
            )}
          </li>
        ))}
      </ul>
      <p className="hidden" role="status">
        {t('loadedRows', { count: rows.length })}
      </p>
    </div>
  );
}
