// The list of a view, or of what a search has found. It is virtual: only the visible rows are elements.
import { useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDownUp, Inbox, SearchX } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useInboxList, useRow } from '../../api/hooks';
import type { ListState } from '../../api/rows';
import { useSession } from '../../api/session';
import { t, type Key } from '../../texts';
import { useCommands } from '../../ui/commands';
import { Menu, MenuChoice } from '../../ui/Menu';
import { Empty, explain, Failure, Skeleton } from '../../ui/parts';
import { isSearchProblem, SearchField, SearchProblem } from '../../ui/SearchField';
import { figure } from '../../ui/time';
import { Row, visitorName } from './Row';
import { isSaved, savedOf, savedSpec, type NamedView } from './saved';
import { SaveView, useNamedViews } from './SavedViews';
import { useSelection, type Selection } from './selection';
import { SelectionBar } from './SelectionBar';
import { keepSort, listOf, searchOf, sortOf, viewOf, type Sort, type ViewId } from './views';

const rowHeight = 80; // pixels, as in the style sheet
const readAhead = 15; // rows before the end at which the next page is read

/** emptyTexts say that a view has no rows. */
const emptyTexts: Record<ViewId, Key> = {
  mine: 'noneMine',
  unassigned: 'noChats',
  all: 'noChats',
  waiting: 'noneWaiting',
  overdue: 'noneOverdue',
  mentions: 'noneMentions',
  snoozed: 'noneSnoozed',
  closed: 'noneClosed',
  spam: 'noneSpam',
};

interface ListProps {
  view: string;
  openToken: string;
  search: string;
  head: ReactNode;
}

export function ConversationList({ view: name, openToken, search, head }: ListProps) {
  const navigate = useNavigate();
  const saved = savedOf(name, useNamedViews().all);
  const view = viewOf(name).id;
  const [chosen, setChosen] = useState({ view, sort: sortOf(view) });
  const sort = chosen.view === view ? chosen.sort : sortOf(view);
  const setSort = (next: Sort) => {
    keepSort(view, next);
    setChosen({ view, sort: next });
  };
  const setSearch = (text: string) =>
    void navigate({ to: '.', search: text.trim() ? { search: text } : {}, replace: true });
  return (
    <>
      <div className="list-head">
        <div className="list-bar">
          {head}
          {!isSaved(name) && <SortMenu view={view} sort={sort} change={setSort} />}
          {(search.trim() || !isSaved(name)) && <SaveView view={view} search={search.trim()} sort={sort} />}
        </div>
        <SearchField key={name} label={t('searchAll')} text={search} change={setSearch} />
      </div>
      <Results view={name} sort={sort} saved={saved} openToken={openToken} search={search.trim()} />
    </>
  );
}

interface SortMenuProps {
  view: ViewId;
  sort: Sort;
  change: (sort: Sort) => void;
}

const sortTexts: Record<Sort, Key> = { newest: 'sortNewest', oldest: 'sortOldest', waiting: 'sortWaiting' };

function SortMenu({ view, sort, change }: SortMenuProps) {
  return (
    <Menu
      align="end"
      trigger={
        <button type="button" id="sort" className="view-sort" aria-label={t('sortIs', { sort: t(sortTexts[sort]) })}>
          <ArrowDownUp aria-hidden="true" />
          {t(sortTexts[sort])}
        </button>
      }
    >
      <MenuChoice
        value={sort}
        options={viewOf(view).sorts.map((value) => ({ value, text: t(sortTexts[value]) }))}
        change={change}
      />
    </Menu>
  );
}

interface ResultsProps extends Omit<ListProps, 'head'> {
  sort: Sort;
  saved?: NamedView;
}

function Results({ view, sort, saved, openToken, search }: ResultsProps) {
  const { membership } = useSession();
  const spec = search
    ? searchOf(search)
    : saved
      ? savedSpec(saved, membership.userId)
      : listOf(viewOf(view).id, membership.userId, sort);
  const list = useInboxList(spec, { keepsPrevious: !!search, retries: !search });
  const { error, data } = list;
  if (isSearchProblem(error) && (search || saved)) return <SearchProblem error={error} />;
  if (error && !data?.tokens.length) return <Failure error={error} retry={() => void list.refetch()} />;
  if (!data) return <Skeleton rows={8} />;
  if (!data.tokens.length) {
    return search ? (
      <Empty icon={SearchX}>{t('noneFoundFor', { text: search })}</Empty>
    ) : (
      <Empty icon={Inbox}>{t(saved ? 'noneInView' : emptyTexts[viewOf(view).id])}</Empty>
    );
  }
  return (
    <>
      {search && (
        <p className="found" role="status">
          {list.isPlaceholderData
            ? t('searching')
            : t(data.isAtLeast ? 'foundAtLeast' : 'foundCount', { count: data.total ?? data.tokens.length })}
        </p>
      )}
      <VirtualRows
        key={spec.name}
        tokens={data.tokens}
        snippets={data.snippets}
        hasMore={!!data.nextCursor}
        readMore={list.readMore}
        error={list.moreError}
        {...{ view, openToken, search }}
      />
    </>
  );
}

interface RowsProps extends Omit<ListProps, 'head'> {
  tokens: string[];
  snippets: ListState['snippets'];
  hasMore: boolean;
  readMore: () => Promise<void>;
  error: Error | null;
}

function VirtualRows({ tokens, snippets, hasMore, readMore, error, view, openToken, search }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState('');
  const count = tokens.length + (hasMore ? 1 : 0);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    getItemKey: (i) => tokens[i] ?? 'more',
  });
  const items = rows.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !error && lastShown >= tokens.length - readAhead) void readMore();
  }, [lastShown, tokens.length, hasMore, error, readMore]);
  const selection = useSelection(tokens);
  const { isWritable } = useSession();
  const openedAt = tokens.indexOf(openToken);
  useEffect(() => {
    if (openedAt >= 0) rows.scrollToIndex(openedAt, { align: 'auto' });
  }, [openToken]);
  const reached = useListKeys({
    tokens,
    focused,
    openToken,
    view,
    search,
    box,
    scrollTo: (i) => rows.scrollToIndex(i),
  });
  const picked = [focused, openToken].find((token) => tokens.includes(token));
  useCommands(
    isWritable && picked
      ? [{ id: 'select', label: t('selectOne'), keys: 'x', run: () => selection.toggle(picked, false) }]
      : [],
  );
  return (
    <>
      {selection.tokens.size > 0 && <SelectionBar view={view} selection={selection} />}
      <div className={'scroll' + (selection.tokens.size ? ' selecting' : '')} ref={box} data-count={tokens.length}>
        <ul className="list virtual" style={{ height: rows.getTotalSize() }} onKeyDown={reached.onKeyDown}>
          {items.map(({ index, key, start, size }) => (
            <li
              key={key}
              style={{ transform: `translateY(${start}px)`, height: size }}
              aria-setsize={hasMore ? -1 : tokens.length}
              aria-posinset={index + 1}
            >
              {tokens[index] && isWritable && (
                <Pick token={tokens[index]} isOn={selection.tokens.has(tokens[index])} toggle={selection.toggle} />
              )}
              {tokens[index] ? (
                <Row
                  token={tokens[index]}
                  view={view}
                  search={search}
                  isOpen={tokens[index] === openToken}
                  snippet={snippets?.[tokens[index]]}
                  tabIndex={tokens[index] === (reached.at ?? tokens[0]) ? 0 : -1}
                  onFocus={() => setFocused(tokens[index]!)}
                />
              ) : error ? (
                <button type="button" className="link more" onClick={() => void readMore()}>
                  {explain(error)} {t('tryAgain')}
                </button>
              ) : (
                <div className="row loading" />
              )}
            </li>
          ))}
        </ul>
        <p className="hidden" role="status">
          {t('shownCount', { count: figure(tokens.length) })}
        </p>
      </div>
    </>
  );
}

interface PickProps {
  token: string;
  isOn: boolean;
  toggle: Selection['toggle'];
}

/** Pick selects a row. It covers the row's picture. With the shift key, it selects all rows since the last one. */
function Pick({ token, isOn, toggle }: PickProps) {
  const row = useRow(token);
  if (!row) return null;
  return (
    <label className="pick">
      <input
        type="checkbox"
        tabIndex={-1} // by keys: x
        checked={isOn}
        aria-label={t('select', { name: visitorName(row) })}
        onChange={(e) => toggle(token, (e.nativeEvent as MouseEvent).shiftKey)}
      />
    </label>
  );
}

interface KeysProps {
  tokens: string[];
  focused: string;
  openToken: string;
  view: string;
  search: string;
  box: React.RefObject<HTMLDivElement | null>;
  scrollTo: (index: number) => void;
}

/** useListKeys moves through the list by keys. While a conversation is open, the next one is opened. */
function useListKeys({ tokens, focused, openToken, view, search, box, scrollTo }: KeysProps) {
  const navigate = useNavigate();
  const at = [focused, openToken].find((token) => tokens.includes(token));
  const move = (step: number, opens: boolean) => {
    const from = opens && tokens.includes(openToken) ? openToken : at;
    const index = Math.max(0, Math.min(tokens.length - 1, from ? tokens.indexOf(from) + step : 0));
    const token = tokens[index];
    if (!token) return;
    scrollTo(index);
    if (opens) {
      void navigate({
        to: '/inbox/$view/$token',
        params: { view, token },
        search: search ? { search } : {},
        replace: true,
      });
      return;
    }
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-token="${token}"]`)?.focus());
  };
  useCommands([
    { id: 'next', label: t('nextConversation'), keys: 'j', isHidden: true, run: () => move(1, !!openToken) },
    { id: 'previous', label: t('previousConversation'), keys: 'k', isHidden: true, run: () => move(-1, !!openToken) },
  ]);
  const steps: Record<string, number> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: 8,
    PageUp: -8,
    Home: -Infinity,
    End: Infinity,
  };
  const onKeyDown = (e: React.KeyboardEvent) => {
    const step = steps[e.key];
    if (!step) return;
    e.preventDefault();
    move(step, false);
  };
  return { at, onKeyDown };
}
