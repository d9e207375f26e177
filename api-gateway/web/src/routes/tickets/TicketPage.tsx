// One ticket.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import type { Ticket, TicketMessage, TicketPatch } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t, tEnum } from '../../texts';
import { Failure, Skeleton } from '../../ui/parts';
import { useAction } from '../../ui/settings';
import { moment } from '../../ui/time';
import { useToasts } from '../../ui/toasts';
import { Choice, NeedsPro, priorities, statuses, useAgentOptions, useHasTickets } from './choices';
import { Mail, useMail } from './mail';
import './tickets.css';

export function Page() {
  const { id = '' } = useParams({ strict: false });
  return useHasTickets() ? <View key={id} id={id} /> : <NeedsPro />;
}

export function BackToTickets() {
  return (
    <Link className="icon" to="/tickets" aria-label={t('back')}>
      <ArrowLeft aria-hidden="true" />
    </Link>
  );
}

/** authorOf names the author of a message. */
function authorOf({ author, senderEmail }: TicketMessage): string {
  if (author?.name) return author.name;
  if (author?.kind === 'USER') return t('agent');
  if (author?.kind === 'PROGRAM') return t('program');
  return senderEmail || t('requester');
}

function View({ id }: { id: string }) {
  const { api, isWritable } = useSession();
  const queries = useQueryClient();
  const toasts = useToasts();
  const agents = useAgentOptions();
  const mails = useMail(id);
  const at = path`/tickets/${id}`;
  const queryKey = keys.ticket(id);
  const read = useQuery({
    queryKey,
    queryFn: ({ signal }) => api.getWithMessages<Ticket>(at + '?expand=authors', signal),
  });
  if (!read.data) {
    return (
      <main className="page">
        <header className="bar">
          <BackToTickets />
        </header>
        {read.error ? <Failure error={read.error} retry={() => void read.refetch()} /> : <Skeleton />}
      </main>
    );
  }
  const ticket = read.data;
  // A change is shown at once. If the server refuses it, the ticket is read again.
  const change = async (patch: TicketPatch) => {
    queries.setQueryData<Ticket>(queryKey, { ...ticket, ...(patch as Partial<Ticket>) });
    await api.call('PATCH', at, patch).catch(toasts.fail);
    await queries.invalidateQueries({ queryKey: keys.tickets });
  };
  return (
    <main className="page">
      <header className="bar">
        <BackToTickets />
        <h1 dir="auto">{ticket.title}</h1>
      </header>
      <div className="filters">
        <Choice
          name="status"
          label={t('status')}
          value={ticket.status}
          options={statuses.map((value) => ({ value, text: tEnum('ticketStatus', value) }))}
          isDisabled={!isWritable}
          change={(status) => void change({ status })}
        />
        <Choice
          name="priority"
          label={t('priority')}
          value={ticket.priority}
          options={priorities.map((value) => ({ value, text: tEnum('priority', value) }))}
          isDisabled={!isWritable}
          change={(priority) => void change({ priority })}
        />
        <Choice
          name="assignee"
          label={t('assignee')}
          value={String(ticket.assigneeId ?? '')}
          options={[{ value: '', text: t('noAssignee') }, ...agents]}
          isDisabled={!isWritable}
          change={(value) => void change({ assigneeId: value ? Number(value) : null })}
        />
      </div>
      <p className="dim" dir="auto">
        {[ticket.visitor?.name, ticket.email, moment(ticket.createdAt)].filter(Boolean).join(' · ')}
      </p>
      {ticket.description && (
        <p className="description" dir="auto">
          {ticket.description}
        </p>
      )}
      <ul className="thread">
        {ticket.messages.map((m) => (
          <li key={m.id} className={m.messageType}>
            <small>
              <b dir="auto">{authorOf(m)}</b> · {m.messageType === 'NOTE' ? t('note') : tEnum('channel', m.messageType)}{' '}
              · {moment(m.createdAt)}
            </small>
            <p dir="auto">{m.content}</p>
            {mails.has(m.id) && <Mail mail={mails.get(m.id)!} ticket={id} />}
          </li>
        ))}
      </ul>
      {isWritable ? <Write at={at} id={id} /> : <p className="dim">{t('readOnly')}</p>}
    </main>
  );
}

function Write({ at, id }: { at: string; id: string }) {
  const { api, live } = useSession();
  const queries = useQueryClient();
  const [run, error] = useAction();
  const draft = 'ticket ' + id;
  const [text, setText] = useState(() => live.drafts.of(draft));
  const [isBusy, setBusy] = useState(false);
  const write = (value: string) => {
    setText(value);
    live.drafts.set(draft, value);
  };
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const { submitter } = e.nativeEvent as SubmitEvent;
    const messageType = (submitter as HTMLButtonElement | null)?.value === 'NOTE' ? 'NOTE' : 'CHAT';
    const content = text.trim();
    if (!content || isBusy) return;
    setBusy(true);
    run(async () => {
      await api.call('POST', at + '/messages', { content, messageType }).finally(() => setBusy(false));
      write('');
      await queries.invalidateQueries({ queryKey: keys.ticket(id) });
    });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <textarea
        name="content"
        rows={3}
        dir="auto"
        required
        aria-label={t('write')}
        placeholder={t('write')}
        maxLength={60_000}
        value={text}
        onChange={(e) => write(e.currentTarget.value)}
      />
      <p className="error" role="alert">
        {error}
      </p>
      <p className="buttons">
        <button className="primary" value="CHAT" disabled={isBusy}>
          {t('reply')}
        </button>
        <button className="button" value="NOTE" disabled={isBusy}>
          {t('note')}
        </button>
      </p>
    </form>
  );
}
