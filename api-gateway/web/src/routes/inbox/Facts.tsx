// What is known about the visitor of a conversation, its rating and tags, and the visitor's earlier conversations.
import { Link } from '@tanstack/react-router';
import { BadgeCheck, Plus, Star, X } from 'lucide-react';
import { useRef, type FormEvent, type ReactNode } from 'react';
import type { InboxRow, Ticket, Visit, Visitor } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { useGet, useOnline, usePages, useTags, useWebsite } from '../../api/hooks';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import type { ThreadState } from '../../api/thread';
import { t, tEnum } from '../../texts';
import { useCommands } from '../../ui/commands';
import { Avatar, IconButton } from '../../ui/parts';
import { ShowMore } from '../../ui/ShowMore';
import { ago, clock, flag, moment } from '../../ui/time';
import { NotesAbout } from '../visitors/NotesAbout';
import { BlockedSince, PersonMenu } from '../visitors/PersonMenu';
import type { Change } from './ConversationPage';
import { visitorFacts } from './visitorFacts';
import { visitorName } from './Row';

interface Props {
  row: InboxRow;
  thread: ThreadState;
  change: Change;
}

const stars = [1, 2, 3, 4, 5];

export function Facts({ row, thread, change }: Props) {
  const { conversation } = row;
  const visitor = row.visitor ?? thread.visitor;
  const isOnline = useOnline(conversation.visitorId);
  return (
    <>
      <Person name={visitorName({ ...row, visitor })} visitor={visitor} isOnline={isOnline} />
      {conversation.rating && <RatingOf row={row} />}
      <Tags row={row} thread={thread} change={change} />
      {conversation.summary && (
        <>
          <h2>{t('summary')}</h2>
          <p dir="auto">{conversation.summary}</p>
        </>
      )}
      {visitor && <NotesAbout key={visitor.token} token={visitor.token} />}
      {visitor && <VisitOf visitor={visitor} />}
      <Context visitor={visitor} />
      <Earlier visitorId={conversation.visitorId} except={conversation.token} />
      <TicketsOf visitorId={conversation.visitorId} token={conversation.token} />
    </>
  );
}

interface PersonProps {
  name: string;
  visitor: Visitor | null;
  isOnline: boolean;
}

/** Person shows a visitor with the facts that are known. */
export function Person({ name, visitor, isOnline }: PersonProps) {
  const { user, isVerified, place, ip, page, pageTitle } = visitorFacts(visitor);
  const facts: [string, ReactNode][] = [];
  if (user) facts.push([isVerified ? t('verified') : t('claimed'), user]);
  if (page) facts.push([t('page'), <PageOf key="page" address={page} title={pageTitle} />]);
  if (place) facts.push([t('place'), (visitor?.country ? flag(visitor.country) + ' ' : '') + place]);
  if (ip) facts.push([t('address'), ip]);
  if (visitor) facts.push([t('since'), moment(visitor.createdAt)]);
  return (
    <>
      <p className="who">
        <Avatar name={name} online={isOnline} />
        <span>
          <b dir="auto">{name}</b>
          {isVerified && (
            <span className="verified" role="img" aria-label={t('verified')} title={t('verified')}>
              <BadgeCheck aria-hidden="true" />
            </span>
          )}
          <small>{isOnline ? t('isOnline') : t('offline')}</small>
          {visitor && <BlockedSince visitor={visitor} />}
        </span>
        {visitor && <PersonMenu visitor={visitor} />}
      </p>
      <FactList facts={facts} />
    </>
  );
}

/** VisitOf lists the pages of a visitor's visit, the last one first. */
export function VisitOf({ visitor: { id, token } }: { visitor: Visitor }) {
  const pages = useGet<Visit>(keys.visit(id), path`/visitors/${token}/visit`).data?.pages ?? [];
  if (!pages.length) return null;
  return (
    <>
      <h2>{t('pagesOfVisit')}</h2>
      <ol className="visit">
        {pages.toReversed().map(({ url, at }) => (
          <li key={at}>
            <PageOf address={url} title={url.replace(/^https?:\/\//, '')} />
            <time dateTime={at} title={moment(at)}>
              {clock(at)}
            </time>
          </li>
        ))}
      </ol>
    </>
  );
}

/** Context shows what the website has stored about a visitor. */
export function Context({ visitor }: { visitor: Visitor | null }) {
  const { context } = visitorFacts(visitor);
  if (!context.length) return null;
  return (
    <>
      <h2>{t('context')}</h2>
      <FactList facts={context} />
    </>
  );
}

function FactList({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt dir="auto">{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function PageOf({ address, title }: { address: string; title: string }) {
  if (!/^https?:\/\//.test(address)) return address;
  return (
    <a href={address} target="_blank" rel="noopener noreferrer" className="link" title={address}>
      {title || address}
    </a>
  );
}

function RatingOf({ row: { conversation, feedback, ratedAt } }: { row: InboxRow }) {
  const rating = conversation.rating ?? 0;
  return (
    <section className="rating">
      <h2>{t('rated')}</h2>
      <p
        className="stars"
        role="img"
        aria-label={t('ratingIs', { rating })}
        title={ratedAt ? moment(ratedAt) : undefined}
      >
        {stars.map((n) => (
          <Star key={n} aria-hidden="true" className={n <= rating ? 'full' : ''} />
        ))}
      </p>
      {feedback && (
        <blockquote dir="auto" className="feedback">
          {feedback}
        </blockquote>
      )}
    </section>
  );
}

function Tags({ row, change }: Props) {
  const { isWritable } = useSession();
  const known = useTags();
  const input = useRef<HTMLInputElement>(null);
  const { tags, token } = row.conversation;
  useCommands(isWritable ? [{ id: 'tag', label: t('addTag'), keys: 't', run: () => input.current?.focus() }] : []);
  const add = (e: FormEvent) => {
    e.preventDefault();
    const tag = input.current!.value.trim();
    if (tag && !tags.includes(tag)) change({ tags: [...tags, tag] });
    input.current!.value = '';
  };
  return (
    <>
      <h2>{t('tags')}</h2>
      <ul className="tags">
        {tags.map((tag) => (
          <li key={tag}>
            <span dir="auto">{tag}</span>
            {isWritable && (
              <button
                type="button"
                aria-label={t('removeNamed', { name: tag })}
                onClick={() => change({ tags: tags.filter((other) => other !== tag) }, t('tagRemoved', { name: tag }))}
              >
                <X aria-hidden="true" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {isWritable && (
        <form className="add" onSubmit={add}>
          <input
            ref={input}
            name="tag"
            list={'tags-' + token}
            maxLength={60}
            placeholder={t('addTag')}
            aria-label={t('addTag')}
          />
          <datalist id={'tags-' + token}>
            {known.map((tag) => (
              <option key={tag} value={tag} />
            ))}
          </datalist>
          <IconButton icon={Plus} label={t('addTag')} type="submit" />
        </form>
      )}
    </>
  );
}

/** Earlier lists the visitor's conversations, except one. */
export function Earlier({ visitorId, except = '' }: { visitorId: number; except?: string }) {
  const read = usePages<InboxRow>(['earlier', visitorId], '/inbox', { visitorId: String(visitorId) });
  const rows = read.rows.filter((r) => r.conversation.token !== except);
  if (!rows.length) return null;
  return (
    <>
      <h2>{t(except ? 'earlier' : 'conversations')}</h2>
      <ul className="earlier">
        {rows.map((r) => (
          <li key={r.conversation.token}>
            <Link to="/inbox/$view/$token" params={{ view: 'all', token: r.conversation.token }}>
              <span dir="auto">{r.lastMessage?.content || t('noMessages')}</span>
              <small>
                {ago(r.lastMessage?.createdAt ?? r.conversation.createdAt)} · {tEnum('status', r.conversation.status)}
              </small>
            </Link>
          </li>
        ))}
      </ul>
      <ShowMore read={read} className="link" />
    </>
  );
}

interface TicketsProps {
  visitorId: number;
  /** token is that of the conversation for which a ticket can be opened. */
  token?: string;
}

/** TicketsOf lists the visitor's tickets, and opens one for the conversation. */
export function TicketsOf(props: TicketsProps) {
  return useWebsite().plan === 'PRO' ? <TicketList {...props} /> : null;
}

function TicketList({ visitorId, token }: TicketsProps) {
  const { isWritable } = useSession();
  const read = usePages<Ticket>(['tickets', 'of', visitorId], '/tickets', { visitorId: String(visitorId) });
  return (
    <>
      <h2>{t('tickets')}</h2>
      <ul className="earlier">
        {read.rows.map((ticket) => (
          <li key={ticket.id}>
            <Link to="/tickets/$id" params={{ id: ticket.id }}>
              <span dir="auto">{ticket.title}</span>
              <small>{tEnum('ticketStatus', ticket.status)}</small>
            </Link>
          </li>
        ))}
      </ul>
      <ShowMore read={read} className="link" />
      {isWritable && token && (
        <Link className="link" to="/tickets/new" search={{ conversation: token }}>
          {t('newTicket')}
        </Link>
      )}
    </>
  );
}
