// Tickets: the list, one ticket, and the form for a new one.
import { useEffect, useState } from 'preact/hooks';
import type { Ticket, TicketPage, TicketPatch, TicketPriority, TicketStatus } from '../../../libs/web/api';
import type { Store } from './store';
import { ago, AssigneeSelect, Empty, Icon, moment, Skeleton, useStore } from './parts';
import { texts } from './texts';

const statuses: TicketStatus[] = ['NEW', 'OPEN', 'PENDING', 'RESOLVED', 'CLOSED'];
const priorities: TicketPriority[] = ['LOW', 'MEDIUM', 'HIGH', 'URGENT'];

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly T[]; // '' stands for any
  change: (value: T) => void;
  disabled?: boolean;
}

function Choice<T extends string>({ label, value, options, change, disabled }: ChoiceProps<T>) {
  return (
    <label class="choice">
      {label}
      <select value={value} disabled={disabled} onChange={(e) => change(e.currentTarget.value as T)}>
        {options.map((option) => (
          <option key={option} value={option}>
            {option || texts.any}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Tickets({ store, id }: { store: Store; id: string }) {
  useStore(store);
  if (store.website.plan !== 'PRO')
    return (
      <main class="page">
        <h1>{texts.tickets}</h1>
        <Empty>{texts.needsPro}</Empty>
      </main>
    );
  if (id === 'new') return <NewTicket store={store} />;
  if (id) return <TicketView store={store} id={id} key={id} />;
  return <TicketList store={store} />;
}

interface Filter {
  status: TicketStatus | '';
  priority: TicketPriority | '';
  search: string;
  page: number;
}

function TicketList({ store }: { store: Store }) {
  const [filter, setFilter] = useState<Filter>({ status: '', priority: '', search: '', page: 1 });
  const [found, setFound] = useState<TicketPage | null>(null);
  const [error, setError] = useState('');
  useEffect(() => {
    let isCurrent = true; // false once another filter has been chosen
    const { status, priority, search, page } = filter;
    const query = new URLSearchParams({
      limit: '20',
      page: String(page),
      ...(status && { status }),
      ...(priority && { priority }),
      ...(search && { search }),
    });
    store.api.get<TicketPage>('/tickets?' + query).then(
      (page) => {
        if (!isCurrent) return;
        setFound(page);
        setError('');
      },
      (err) => {
        if (isCurrent) setError(texts.failed + err.message);
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [filter, store.ticketsVersion]);
  // Both are null in lists that are read by cursor.
  const page = found?.page ?? 1;
  const pages = found?.totalPages ?? 0;
  return (
    <main class="page">
      <header class="bar">
        <h1>{texts.tickets}</h1>
        {store.isWritable && (
          <a class="primary" href="#/tickets/new">
            {texts.newTicket}
          </a>
        )}
      </header>
      <div class="filters">
        <input
          type="search"
          id="search"
          placeholder={texts.search}
          aria-label={texts.search}
          onInput={(e) => setFilter({ ...filter, search: e.currentTarget.value, page: 1 })}
        />
        <Choice
          label={texts.status}
          value={filter.status}
          options={['', ...statuses]}
          change={(status) => setFilter({ ...filter, status, page: 1 })}
        />
        <Choice
          label={texts.priority}
          value={filter.priority}
          options={['', ...priorities]}
          change={(priority) => setFilter({ ...filter, priority, page: 1 })}
        />
      </div>
      {error ? (
        <Empty>{error}</Empty>
      ) : !found ? (
        <Skeleton />
      ) : !found.data.length ? (
        <Empty>{texts.noTickets}</Empty>
      ) : (
        <ul class="list wide">
          {found.data.map((t) => (
            <li key={t.id}>
              <a class="row" href={'#/tickets/' + t.id}>
                <span class="what">
                  <span class="top">
                    <b dir="auto">{t.title}</b>
                    <time>{ago(t.createdAt)}</time>
                  </span>
                  <span class="preview" dir="auto">
                    {[t.visitor?.name || t.email, t.assignee?.name].filter(Boolean).join(' → ')}
                  </span>
                </span>
                <span class={'pill ' + t.priority}>{t.priority}</span>
                <span class="pill">{t.status}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
      {pages > 1 && (
        <p class="pages">
          <button
            type="button"
            class="button"
            disabled={page <= 1}
            onClick={() => setFilter({ ...filter, page: filter.page - 1 })}
          >
            {texts.previous}
          </button>
          {page} / {pages}
          <button
            type="button"
            class="button"
            disabled={page >= pages}
            onClick={() => setFilter({ ...filter, page: filter.page + 1 })}
          >
            {texts.next}
          </button>
        </p>
      )}
    </main>
  );
}

function TicketView({ store, id }: { store: Store; id: string }) {
  const [t, setTicket] = useState<Ticket | null>(null);
  const [error, setError] = useState('');
  const fail = (err: Error) => setError(texts.failed + err.message);
  const path = '/tickets/' + encodeURIComponent(id);
  useEffect(() => {
    store.api.getWithMessages<Ticket>(path).then(setTicket, fail);
  }, [id, store.ticketsVersion]);
  if (!t) return <main class="page">{error ? <Empty>{error}</Empty> : <Skeleton />}</main>;
  const change = (patch: TicketPatch) =>
    store.api
      .call<Ticket>('PATCH', path, patch)
      .then((t) => (t.hasMore ? store.api.getWithMessages<Ticket>(path) : t))
      .then(setTicket, fail);
  const write = (e: SubmitEvent) => {
    e.preventDefault();
    const form = e.target as HTMLFormElement;
    const content = (form.elements.namedItem('content') as HTMLTextAreaElement).value.trim();
    const messageType = (e.submitter as HTMLButtonElement | null)?.value === 'NOTE' ? 'NOTE' : 'CHAT';
    if (!content) return;
    store.api
      .call('POST', path + '/messages', { content, messageType })
      .then(() => {
        form.reset();
        return store.api.getWithMessages<Ticket>(path).then(setTicket);
      })
      .catch(fail);
  };
  return (
    <main class="page">
      <header class="bar">
        <a class="icon" href="#/tickets" aria-label={texts.back}>
          <Icon name="back" />
        </a>
        <h1 dir="auto">{t.title}</h1>
      </header>
      <p class="error" role="alert">
        {error}
      </p>
      <div class="filters">
        <Choice
          label={texts.status}
          value={t.status}
          options={statuses}
          disabled={!store.isWritable}
          change={(status) => change({ status })}
        />
        <Choice
          label={texts.priority}
          value={t.priority}
          options={priorities}
          disabled={!store.isWritable}
          change={(priority) => change({ priority })}
        />
        <label class="choice">
          {texts.assignee}
          <AssigneeSelect store={store} assigneeId={t.assigneeId} change={(assigneeId) => change({ assigneeId })} />
        </label>
      </div>
      <p class="dim" dir="auto">
        {[t.visitor?.name, t.email, moment(t.createdAt)].filter(Boolean).join(' · ')}
      </p>
      {t.description && (
        <p class="description" dir="auto">
          {t.description}
        </p>
      )}
      <ul class="thread">
        {t.messages.map((m) => (
          <li key={m.id} class={m.messageType}>
            <small>
              {m.messageType === 'NOTE' ? texts.note : m.senderEmail || m.messageType} · {moment(m.createdAt)}
            </small>
            <p dir="auto">{m.content}</p>
          </li>
        ))}
      </ul>
      {store.isWritable ? (
        <form class="stack" onSubmit={write}>
          <textarea
            name="content"
            rows={3}
            dir="auto"
            required
            aria-label={texts.write}
            placeholder={texts.write}
            maxLength={60_000}
          />
          <p class="buttons">
            <button class="primary" value="CHAT">
              {texts.reply}
            </button>
            <button class="button" value="NOTE">
              {texts.note}
            </button>
          </p>
        </form>
      ) : (
        <p class="dim">{texts.readOnly}</p>
      )}
    </main>
  );
}

function NewTicket({ store }: { store: Store }) {
  const [error, setError] = useState('');
  const create = (e: Event) => {
    e.preventDefault();
    const { title, email, description, priority } = Object.fromEntries(
      new FormData(e.target as HTMLFormElement),
    ) as Record<string, string>;
    store.api.call<Ticket>('POST', '/tickets', { title, description, priority, ...(email && { email }) }).then(
      (t) => {
        location.hash = '#/tickets/' + t.id;
      },
      (err) => setError(texts.failed + err.message),
    );
  };
  return (
    <main class="page">
      <header class="bar">
        <a class="icon" href="#/tickets" aria-label={texts.back}>
          <Icon name="back" />
        </a>
        <h1>{texts.newTicket}</h1>
      </header>
      <form class="stack" onSubmit={create}>
        <label>
          {texts.title}
          <input name="title" required maxLength={255} autofocus dir="auto" />
        </label>
        <label>
          {texts.email}
          <input name="email" type="email" maxLength={254} />
        </label>
        <label>
          {texts.description}
          <textarea name="description" rows={6} maxLength={60_000} dir="auto" />
        </label>
        <label>
          {texts.priority}
          <select name="priority" value="MEDIUM">
            {priorities.map((p) => (
              <option key={p} value={p}>
                {p}
              </option>
            ))}
          </select>
        </label>
        <p class="error" role="alert">
          {error}
        </p>
        <p class="buttons">
          <button class="primary">{texts.create}</button>
        </p>
      </form>
    </main>
  );
}
