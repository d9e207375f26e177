// The button below a list that is read page by page.
import { t } from '../texts';

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
