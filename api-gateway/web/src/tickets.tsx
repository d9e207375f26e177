import { useEffect, useState } from 'preact/hooks';
import type { Ticket, TicketPage } from '../../../libs/web/api';
import type { Store } from './store';
import { ago, Empty, Icon, moment, Skeleton, useStore } from './parts';
import { w } from './words';

const statuses = ['NEW', 'OPEN', 'PENDING', 'RESOLVED', 'CLOSED'];
const priorities = ['LOW', 'MEDIUM', 'HIGH', 'URGENT'];

function Choice({
  label,
  value,
  from,
  any,
  change,
  disabled,
}: {
  label: string;
  value: string;
  from: string[];
  any?: boolean;
  change: (v: string) => void;
  disabled?: boolean;
}) {
  return (
    <label class="choice">
      {label}
      <select value={value} disabled={disabled} onChange={(e) => change(e.currentTarget.value)}>
        {any && <option value="">{w.any}</option>}
        {from.map((o) => (
          <option key={o} value={o}>
            {o}
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
        <h1>{w.tickets}</h1>
        <Empty>{w.needsPro}</Empty>
      </main>
    );
  if (id === 'new') return <New store={store} />;
  if (id) return <One store={store} id={id} key={id} />;
  return <Many store={store} />;
}

function Many({ store }: { store: Store }) {
  const [filter, setFilter] = useState({ status: '', priority: '', search: '', page: 1 });
  const [found, setFound] = useState<TicketPage | null>(null);
  const [error, setError] = useState('');
  useEffect(() => {
    let current = true;
    const q = new URLSearchParams({
      limit: '20',
      page: String(filter.page),
      ...(filter.status && { status: filter.status }),
      ...(filter.priority && { priority: filter.priority }),
      ...(filter.search && { search: filter.search }),
    });
    store.api.get<TicketPage>('/tickets?' + q).then(
      (p) => {
        if (current) {
          setFound(p);
          setError('');
        }
      },
      (err) => {
        if (current) setError(w.failed + err.message);
      },
    );
    return () => {
      current = false;
    };
  }, [filter, store.ticketsChanged]);
  const page = found?.page ?? 1,
    pages = found?.totalPages ?? 0; // null only where a list is read by cursor
  return (
    <main class="page">
      <header class="bar">
        <h1>{w.tickets}</h1>
        {store.writable && (
          <a class="primary" href="#/tickets/new">
            {w.newTicket}
          </a>
        )}
      </header>
      <div class="filters">
        <input
          type="search"
          id="search"
          placeholder={w.search}
          aria-label={w.search}
          onInput={(e) => setFilter({ ...filter, search: e.currentTarget.value, page: 1 })}
        />
        <Choice
          label={w.status}
          any
          value={filter.status}
          from={statuses}
          change={(status) => setFilter({ ...filter, status, page: 1 })}
        />
        <Choice
          label={w.priority}
          any
          value={filter.priority}
          from={priorities}
          change={(priority) => setFilter({ ...filter, priority, page: 1 })}
        />
      </div>
      {error ? (
        <Empty>{error}</Empty>
      ) : !found ? (
        <Skeleton />
      ) : !found.data.length ? (
        <Empty>{w.noTickets}</Empty>
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
            {w.previous}
          </button>
          {page} / {pages}
          <button
            type="button"
            class="button"
            disabled={page >= pages}
            onClick={() => setFilter({ ...filter, page: filter.page + 1 })}
          >
            {w.next}
          </button>
        </p>
      )}
    </main>
  );
}

function One({ store, id }: { store: Store; id: string }) {
  const [t, setTicket] = useState<Ticket | null>(null);
  const [error, setError] = useState('');
  const failed = (err: Error) => setError(w.failed + err.message);
  const path = '/tickets/' + encodeURIComponent(id);
  useEffect(() => {
    store.api.whole<Ticket>(path).then(setTicket, failed);
  }, [id, store.ticketsChanged]);
  if (!t) return <main class="page">{error ? <Empty>{error}</Empty> : <Skeleton />}</main>;
  const change = (p: object) =>
    store.api
      .call<Ticket>('PATCH', path, p)
      .then((t) => (t.hasMore ? store.api.whole<Ticket>(path) : t))
      .then(setTicket, failed);
  const write = (e: SubmitEvent) => {
    e.preventDefault();
    const form = e.target as HTMLFormElement;
    const content = (form.elements.namedItem('content') as HTMLTextAreaElement).value.trim();
    const messageType = (e.submitter as HTMLButtonElement | null)?.value === 'NOTE' ? 'NOTE' : 'CHAT';
    if (!content) return;
    store.api
      .call('POST', path + '/messages', { content, messageType, authorId: store.me?.id })
      .then(() => {
        form.reset();
        return store.api.whole<Ticket>(path).then(setTicket);
      })
      .catch(failed);
  };
  return (
    <main class="page">
      <header class="bar">
        <a class="icon" href="#/tickets" aria-label={w.back}>
          <Icon name="back" />
        </a>
        <h1 dir="auto">{t.title}</h1>
      </header>
      <p class="error" role="alert">
        {error}
      </p>
      <div class="filters">
        <Choice
          label={w.status}
          value={t.status}
          from={statuses}
          disabled={!store.writable}
          change={(status) => change({ status })}
        />
        <Choice
          label={w.priority}
          value={t.priority}
          from={priorities}
          disabled={!store.writable}
          change={(priority) => change({ priority })}
        />
        <label class="choice">
          {w.assignee}
          <select
            value={String(t.assigneeId ?? '')}
            disabled={!store.writable}
            onChange={(e) => change({ assigneeId: Number(e.currentTarget.value) || null })}
          >
            <option value="">{w.nobody}</option>
            {store.users.map((u) => (
              <option key={u.id} value={String(u.id)}>
                {u.name}
              </option>
            ))}
          </select>
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
              {m.messageType === 'NOTE' ? w.note : m.senderEmail || m.messageType} · {moment(m.createdAt)}
            </small>
            <p dir="auto">{m.content}</p>
          </li>
        ))}
      </ul>
      {store.writable ? (
        <form class="stack" onSubmit={write}>
          <textarea
            name="content"
            rows={3}
            dir="auto"
            required
            aria-label={w.write}
            placeholder={w.write}
            maxLength={60_000}
          />
          <p class="buttons">
            <button class="primary" value="CHAT">
              {w.reply}
            </button>
            <button class="button" value="NOTE">
              {w.note}
            </button>
          </p>
        </form>
      ) : (
        <p class="dim">{w.readOnly}</p>
      )}
    </main>
  );
}

function New({ store }: { store: Store }) {
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
      (err) => setError(w.failed + err.message),
    );
  };
  return (
    <main class="page">
      <header class="bar">
        <a class="icon" href="#/tickets" aria-label={w.back}>
          <Icon name="back" />
        </a>
        <h1>{w.newTicket}</h1>
      </header>
      <form class="stack" onSubmit={create}>
        <label>
          {w.title}
          <input name="title" required maxLength={255} autofocus dir="auto" />
        </label>
        <label>
          {w.email}
          <input name="email" type="email" maxLength={254} />
        </label>
        <label>
          {w.description}
          <textarea name="description" rows={6} maxLength={60_000} dir="auto" />
        </label>
        <label>
          {w.priority}
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
          <button class="primary">{w.create}</button>
        </p>
      </form>
    </main>
  );
}
