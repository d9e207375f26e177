// The visitors: those on the website now, with their page and the time since they came. A visitor opens beside the list.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { BadgeCheck, Ban, UserRoundSearch } from 'lucide-react';
import type { Visitor, VisitorCounts, VisitorRow } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { useGet, useNow, usePages } from '../../api/hooks';
import { keys, type VisitorFilter } from '../../api/keys';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Dialog } from '../../ui/Dialog';
import { Avatar, Empty, Failure, Skeleton } from '../../ui/parts';
import { isSearchProblem, SearchField, SearchProblem } from '../../ui/SearchField';
import { ago, figure, flag, lasting, moment } from '../../ui/time';
import { useMedia } from '../../ui/useMedia';
import { VirtualList } from '../../ui/VirtualList';
import { Context, Earlier, Person, TicketsOf, VisitOf } from '../inbox/Facts';
import { Choice } from '../tickets/choices';
import { NotesAbout } from './NotesAbout';
import { noFilter, queryOf, sortOf, sortsOf, sortTexts, viewOf, views, viewTexts } from './views';
import '../inbox/inbox.css';
import '../tickets/tickets.css';
import { WriteFirst } from './WriteFirst';
import './visitors.css';

const rowHeight = 56; // pixels, as in the style sheet
const stackedHeight = 72;
const readEvery = 10_000; // milliseconds; no event has the page of a visitor

export function Page() {
  const { visitor = '', ...search } = useSearch({ from: '/visitors' });
  const filter = { ...noFilter, ...search };
  const navigate = useNavigate();
  const show = (next: Partial<VisitorFilter> & { visitor?: string }) => {
    const entries = Object.entries({ ...filter, ...next }).filter(([, value]) => value);
    void navigate({ to: '/visitors', search: Object.fromEntries(entries), replace: true });
  };
  return (
    <main className="desk">
      <header className="bar">
        <h1>{t('visitors')}</h1>
      </header>
      <Views filter={filter} />
      <div className="filters">
        <SearchField label={t('search')} text={filter.search} change={(text) => show({ search: text.trim() })} />
        {viewOf(filter) === 'online' && (
          <label className="choice">
            {t('pageBegins')}
            <input
              name="page"
              placeholder="/"
              maxLength={500}
              dir="auto"
              value={filter.page}
              onChange={(e) => show({ page: e.currentTarget.value.trim() })}
            />
          </label>
        )}
        <Choice
          name="sort"
          label={t('order')}
          value={sortOf(filter)}
          options={sortsOf(filter).map((value) => ({ value, text: t(sortTexts[value]) }))}
          change={(sort) => show({ sort })}
        />
      </div>
      <Rows filter={filter} />
      <Dialog kind="drawer" title={t('facts')} isOpen={!!visitor} close={() => show({})}>
        {visitor && <Details token={visitor} />}
      </Dialog>
    </main>
  );
}

function Views({ filter }: { filter: VisitorFilter }) {
  const counts = useGet<VisitorCounts>(keys.visitorCounts, '/visitors/counts').data;
  const shown = viewOf(filter);
  return (
    <nav className="desk-views" aria-label={t('views')}>
      {views.map((view) => {
        const count = view === 'online' ? counts?.online : view === 'all' ? counts?.total : undefined;
        return (
          <Link
            key={view}
            to="/visitors"
            search={view === 'online' ? {} : { view }}
            className={view === shown ? 'selected' : ''}
            aria-current={view === shown ? 'page' : undefined}
          >
            {t(viewTexts[view])}
            {count !== undefined && <b>{figure(count)}</b>}
          </Link>
        );
      })}
    </nav>
  );
}

function Rows({ filter }: { filter: VisitorFilter }) {
  const isStacked = useMedia('(max-width: 900px)');
  const isOnline = viewOf(filter) === 'online';
  const read = usePages<VisitorRow>(keys.visitorList(filter), '/visitors/rows', queryOf(filter), {
    isFresh: true,
    every: isOnline ? readEvery : 0,
  });
  const { error } = read;
  if (isSearchProblem(error)) return <SearchProblem error={error} />;
  if (error && !read.rows.length) return <Failure error={error} retry={() => void read.refetch()} />;
  if (!read.data) return <Skeleton />;
  if (!read.rows.length) return <Empty icon={UserRoundSearch}>{t('noVisitors')}</Empty>;
  return (
    <VirtualList
      rows={read.rows}
      idOf={(row) => row.token}
      height={isStacked ? stackedHeight : rowHeight}
      read={read}
      render={(row) => <Row row={row} filter={filter} />}
    />
  );
}

function Row({ row, filter }: { row: VisitorRow; filter: VisitorFilter }) {
  const now = useNow();
  const { identity, page, country, city, arrivedAt, lastSeenAt } = row;
  const search = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
  const seen = [`${t('since')}: ${moment(row.firstSeenAt)}`];
  if (lastSeenAt) seen.push(`${t('lastSeen')}: ${moment(lastSeenAt)}`);
  const place = [city, country].filter(Boolean).join(' ');
  return (
    <Link
      className="row visitor"
      to="/visitors"
      search={{ ...search, visitor: row.token }}
      replace
      activeOptions={{ includeSearch: true }}
    >
      <Avatar name={row.name} online={row.online} />
      <span className="what">
        <span className="top">
          <b dir="auto">{row.name}</b>
          {identity?.verified && <BadgeCheck className="verified" aria-label={t('verified')} role="img" />}
          {row.blockedAt && <Ban className="verified" aria-label={t('blockedVisitors')} role="img" />}
        </span>
        <span className="preview" dir="auto">
          {identity?.email ?? identity?.userId ?? ''}
        </span>
      </span>
      <span className="cell where" dir="auto" title={page?.url}>
        {page?.title || page?.url || ''}
      </span>
      <span className="cell place" dir="auto">
        {country ? flag(country) + ' ' : ''}
        {place}
      </span>
      <time dateTime={arrivedAt ?? lastSeenAt ?? row.firstSeenAt} title={seen.join(' · ')}>
        {row.online && arrivedAt
          ? lasting(arrivedAt, now)
          : lastSeenAt
            ? ago(lastSeenAt, now)
            : ago(row.firstSeenAt, now)}
      </time>
    </Link>
  );
}

/** Details shows one visitor, with their conversations and tickets. An agent can write to them. */
function Details({ token }: { token: string }) {
  const { isWritable } = useSession();
  const read = useGet<Visitor>(keys.visitor(token), path`/visitors/${token}`);
  if (!read.data) return read.error ? <Failure error={read.error} retry={() => void read.refetch()} /> : <Skeleton />;
  const visitor = read.data;
  return (
    <div className="facts-drawer">
      <Person name={visitor.name} visitor={visitor} isOnline={visitor.online} />
      {isWritable && <WriteFirst token={token} name={visitor.name} />}
      <NotesAbout key={token} token={token} />
      <VisitOf visitor={visitor} />
      <Context visitor={visitor} />
      <Earlier visitorId={visitor.id} />
      <TicketsOf visitorId={visitor.id} />
    </div>
  );
}
