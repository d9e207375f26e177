// The list of tickets, with views, filters, orders and a search in its address.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { BadgeCheck, Plus, Ticket as TicketIcon } from 'lucide-react';
import type { TicketCounts, TicketRow } from '../../../../../libs/web/api';
import { useGet, useNow, usePages, useTags, useUsers } from '../../api/hooks';
import { keys, type TicketFilter } from '../../api/keys';
import { useSession } from '../../api/session';
import { t, tEnum } from '../../texts';
import { Empty, Failure, Skeleton } from '../../ui/parts';
import { isSearchProblem, SearchField, SearchProblem } from '../../ui/SearchField';
import { ago, figure, moment } from '../../ui/time';
import { useMedia } from '../../ui/useMedia';
import { VirtualList } from '../../ui/VirtualList';
import { channels, Choice, NeedsPro, priorities, statuses, useAgentOptions, useHasTickets } from './choices';
import { active, isShown, noFilter, queryOf, sortOf, sortsOf, sortTexts, views } from './views';
import './tickets.css';

const rowHeight = 64; // pixels, as in the style sheet
const stackedHeight = 96;

export function Page() {
  return useHasTickets() ? <List /> : <NeedsPro />;
}

function List() {
  const { isWritable } = useSession();
  const filter = { ...noFilter, ...useSearch({ from: '/tickets' }) };
  const navigate = useNavigate();
  const set = (change: Partial<TicketFilter>) => {
    const next = Object.entries({ ...filter, ...change }).filter(([, value]) => value);
    void navigate({ to: '/tickets', search: Object.fromEntries(next), replace: true });
  };
  return (
    <main className="desk">
      <header className="bar">
        <h1>{t('tickets')}</h1>
        {isWritable && (
          <Link className="primary" to="/tickets/new">
            <Plus aria-hidden="true" />
            {t('newTicket')}
          </Link>
        )}
      </header>
      <Views filter={filter} />
      <Filters filter={filter} set={set} />
      <Rows filter={filter} />
    </main>
  );
}

function Views({ filter }: { filter: TicketFilter }) {
  const counts = useGet<TicketCounts>(keys.ticketCounts, '/tickets/counts').data;
  return (
    <nav className="desk-views" aria-label={t('views')}>
      {views.map((view) => {
        const count = counts ? view.count(counts) : null;
        return (
          <Link
            key={view.id}
            to="/tickets"
            search={view.filter}
            className={isShown(view, filter) ? 'selected' : ''}
            aria-current={isShown(view, filter) ? 'page' : undefined}
            activeOptions={{ exact: true }}
          >
            {view.text()}
            {count !== null && <b>{figure(count)}</b>}
          </Link>
        );
      })}
    </nav>
  );
}

interface FiltersProps {
  filter: TicketFilter;
  set: (change: Partial<TicketFilter>) => void;
}

function Filters({ filter, set }: FiltersProps) {
  const any = { value: '', text: t('any') };
  const tags = useTags();
  const sort = sortOf(filter);
  return (
    <div className="filters">
      <SearchField label={t('search')} text={filter.search} change={(search) => set({ search: search.trim() })} />
      <Choice
        name="status"
        label={t('status')}
        value={filter.status}
        options={[
          any,
          { value: active, text: t('ticketsActive') },
          ...statuses.map((value) => ({ value, text: tEnum('ticketStatus', value) })),
        ]}
        change={(status) => set({ status })}
      />
      <Choice
        name="priority"
        label={t('priority')}
        value={filter.priority}
        options={[any, ...priorities.map((value) => ({ value, text: tEnum('priority', value) }))]}
        change={(priority) => set({ priority })}
      />
      <Choice
        name="assignee"
        label={t('assignee')}
        value={filter.assignee}
        options={[
          any,
          { value: 'me', text: t('viewMine') },
          { value: 'none', text: t('noAssignee') },
          ...useAgentOptions(),
        ]}
        change={(assignee) => set({ assignee })}
      />
      <Choice
        name="channel"
        label={t('channel')}
        value={filter.channel}
        options={[any, ...channels.map((value) => ({ value, text: tEnum('channel', value) }))]}
        change={(channel) => set({ channel })}
      />
      {tags.length > 0 && (
        <Choice
          name="tag"
          label={t('tags')}
          value={filter.tag}
          options={[any, ...tags.map((value) => ({ value, text: value }))]}
          change={(tag) => set({ tag })}
        />
      )}
      <Choice
        name="sort"
        label={t('order')}
        value={sort}
        options={sortsOf(filter).map((value) => ({ value, text: t(sortTexts[value]) }))}
        change={(value) => set({ sort: value })}
      />
    </div>
  );
}

function Rows({ filter }: { filter: TicketFilter }) {
  const isStacked = useMedia('(max-width: 900px)');
  const read = usePages<TicketRow>(keys.ticketList(filter), '/tickets/rows', queryOf(filter));
  const { error } = read;
  if (isSearchProblem(error)) return <SearchProblem error={error} />;
  if (error && !read.rows.length) return <Failure error={error} retry={() => void read.refetch()} />;
  if (!read.data) return <Skeleton />;
  if (!read.rows.length) return <Empty icon={TicketIcon}>{t('noTickets')}</Empty>;
  return (
    <>
      <div className="ticket columns" aria-hidden="true">
        <span>{t('ticket')}</span>
        <span>{t('requester')}</span>
        <span>{t('lastAnswer')}</span>
        <span>{t('assignee')}</span>
        <span>{t('priority')}</span>
        <span>{t('status')}</span>
        <span>{t(sortOf(filter) === 'activity' ? 'changed' : 'created')}</span>
      </div>
      <VirtualList
        rows={read.rows}
        idOf={(row) => row.id}
        height={isStacked ? stackedHeight : rowHeight}
        read={read}
        render={(row) => <Row row={row} byChange={sortOf(filter) === 'activity'} />}
      />
    </>
  );
}

/** requesterName names the author of a ticket. */
export const requesterName = ({ requester }: Pick<TicketRow, 'requester'>) => requester.name || requester.email || '';

function Row({ row, byChange }: { row: TicketRow; byChange: boolean }) {
  const now = useNow();
  const users = useUsers();
  const { lastAnswer, requester, assignee } = row;
  const at = byChange ? row.updatedAt : row.createdAt;
  const author =
    lastAnswer?.authorKind === 'USER'
      ? users.find((u) => u.id === lastAnswer.userId)?.name || t('agent')
      : lastAnswer?.authorKind === 'PROGRAM'
        ? t('program')
        : requesterName(row);
  return (
    <Link className="row ticket" to="/tickets/$id" params={{ id: row.id }} data-id={row.id}>
      <span className="what">
        <span className="top">
          <small className="number">#{row.id}</small>
          <b dir="auto">{row.title}</b>
        </span>
        <span className="preview" dir="auto">
          {row.tags.slice(0, 2).map((tag) => (
            <span key={tag} className="chip">
              {tag}
            </span>
          ))}
          {row.channel && <span className="chip plain">{tEnum('channel', row.channel)}</span>} {row.excerpt}
        </span>
      </span>
      <span className="cell requester" dir="auto" title={requester.email ?? undefined}>
        <span>{requesterName(row)}</span>
        {requester.verified && <BadgeCheck aria-label={t('verified')} role="img" />}
      </span>
      <span className="cell answer" dir="auto">
        {lastAnswer && t('saidBy', { name: author, text: lastAnswer.content })}
      </span>
      <span className="cell assignee" dir="auto">
        {assignee?.name ?? '–'}
      </span>
      <span className={'pill ' + row.priority}>{tEnum('priority', row.priority)}</span>
      <span className={'pill status ' + row.status}>{tEnum('ticketStatus', row.status)}</span>
      <time dateTime={at} title={moment(at)}>
        {ago(at, now)}
      </time>
    </Link>
  );
}
