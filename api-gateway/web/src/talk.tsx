import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Message } from '../../../libs/web/api';
import type { Room, Store } from './store';
import { Avatar, clock, day, Empty, flag, Icon, IconButton, moment, Skeleton, useStore } from './parts';
import { w } from './words';

/** Talk is one conversation: what was said, the reply, and who the visitor is. */
export function Talk({ store, token }: { store: Store; token: string }) {
  useStore(store);
  const [error, setError] = useState('');
  useEffect(() => {
    setError('');
    store.show(token).catch((err) => setError(w.failed + err.message));
    return () => {
      store.open = '';
    };
  }, [token]);
  const room = store.rooms.get(token);
  if (error)
    return (
      <main class="talk">
        <Empty>{error}</Empty>
      </main>
    );
  if (!room)
    return (
      <main class="talk">
        <Skeleton rows={6} />
      </main>
    );
  const c = room.thread.conversation;
  const name = room.thread.visitor?.name || `${w.visitor} ${c.visitorId}`;
  const change = (p: Parameters<Store['update']>[1]) =>
    store.update(token, p).catch((err) => setError(w.failed + err.message));
  return (
    <>
      <main class="talk">
        <header>
          <a class="icon narrow" href="#/inbox" aria-label={w.back}>
            <Icon name="back" />
          </a>
          <h1 dir="auto">{name}</h1>
          {c.rating && (
            <span class="dim" title={w.rated}>
              {'★'.repeat(c.rating)}
            </span>
          )}
          <label class="assignee">
            <span class="hidden">{w.assignee}</span>
            <select
              disabled={!store.writable}
              value={String(c.assigneeId ?? '')}
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
          {store.me && c.assigneeId !== store.me.id && (
            <button
              type="button"
              id="take"
              class="button"
              disabled={!store.writable}
              onClick={() => change({ assigneeId: store.me!.id })}
            >
              {w.assignMe}
            </button>
          )}
          <button
            type="button"
            id="close"
            class="button"
            disabled={!store.writable}
            onClick={() => change({ status: c.status === 'OPEN' ? 'CLOSED' : 'OPEN' })}
          >
            {c.status === 'OPEN' ? w.close : w.reopen}
          </button>
        </header>
        <Log store={store} room={room} name={name} />
        <Reply store={store} token={token} />
      </main>
      <Facts store={store} room={room} change={change} />
    </>
  );
}

/** Log shows what was said. What one author says in a row stands together. */
function Log({ store, room, name }: { store: Store; room: Room; name: string }) {
  const box = useRef<HTMLDivElement>(null);
  const low = useRef(true);
  const { messages } = room.thread;
  useLayoutEffect(() => {
    if (low.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  });
  const users = new Map([...room.thread.users, ...store.users].map((u) => [u.id, u.name]));
  const author = (m: Message) =>
    m.senderType === 'VISITOR' ? name : m.senderType === 'SYSTEM' ? w.system : users.get(m.userId || 0) || w.agent;
  const joins = [...room.joined];
  const met = new Set<string>();
  const lastOwn = messages.findLast((m) => m.senderType === 'USER');
  let date = '';
  let before = '';
  const rows = messages.flatMap((m) => {
    const out = [];
    if (day(m.createdAt) !== date) {
      date = day(m.createdAt);
      before = '';
      out.push(
        <div key={'d' + m.id} class="day">
          <span>{date}</span>
        </div>,
      );
    }
    while (joins.length && joins[0]!.at <= m.createdAt) out.push(joined(joins.shift()!, met));
    const who = author(m);
    if (m.senderType === 'USER' && !met.has(who)) out.push(joined({ at: m.createdAt, name: who }, met));
    if (out.length) before = '';
    const side = m.senderType === 'USER' ? 'own' : m.senderType === 'SYSTEM' ? 'note' : 'theirs';
    if (who !== before)
      out.push(
        <div key={'a' + m.id} class={'author ' + side} dir="auto">
          {who} <time>{clock(m.createdAt)}</time>
        </div>,
      );
    before = who;
    out.push(
      <div key={m.id} class={'message ' + side} dir="auto" title={moment(m.createdAt)}>
        {m.content}
      </div>,
    );
    if (m === lastOwn && m.read && !room.drafts.length)
      out.push(
        <div key={'r' + m.id} class="state">
          {w.seen}
        </div>,
      );
    return out;
  });
  return (
    <div
      class="log"
      ref={box}
      role="log"
      aria-live="polite"
      tabIndex={0}
      aria-label={name}
      onScroll={(e) => {
        const b = e.currentTarget;
        low.current = b.scrollHeight - b.scrollTop - b.clientHeight < 48;
      }}
    >
      {rows}
      {joins.map((j) => joined(j, met))}
      {room.drafts.map((d) => (
        <div key={d.id} class="draft">
          <div class="message own" dir="auto">
            {d.content}
          </div>
          {d.state === 'failed' ? (
            <button
              type="button"
              class="state error"
              title={d.error}
              onClick={() => store.deliver(room.thread.conversation.token, d)}
            >
              {w.retry}
            </button>
          ) : (
            <div class="state">{w.sending}</div>
          )}
        </div>
      ))}
      <div class="typing" aria-live="polite">
        {room.typing ? `${name} ${w.typing}` : ''}
      </div>
    </div>
  );
}

function joined(j: { at: string; name: string }, met: Set<string>) {
  if (met.has(j.name)) return null;
  met.add(j.name);
  return (
    <div key={'j' + j.at + j.name} class="line">
      <b dir="auto">{j.name}</b> {w.joined}
    </div>
  );
}

function Reply({ store, token }: { store: Store; token: string }) {
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (matchMedia('(min-width: 800px)').matches) input.current?.focus();
  }, [token]);
  if (!store.writable) return <p class="reply dim">{w.readOnly}</p>;
  const grow = () => {
    const i = input.current!;
    i.style.height = 'auto';
    i.style.height = Math.min(i.scrollHeight + 2, 200) + 'px';
  };
  const submit = () => {
    const content = input.current!.value.trim();
    if (!content) return;
    store.reply(token, content);
    input.current!.value = '';
    grow();
  };
  return (
    <form
      class="reply"
      onSubmit={(e) => {
        e.preventDefault();
        submit();
      }}
    >
      <textarea
        id="reply"
        ref={input}
        rows={1}
        dir="auto"
        aria-label={w.write}
        placeholder={w.write}
        maxLength={60_000}
        onInput={(e) => {
          grow();
          store.typing(token, !!e.currentTarget.value.trim());
        }}
        onBlur={() => store.typing(token, false)}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
            e.preventDefault();
            submit();
          }
        }}
      />
      <button class="primary round" aria-label={w.send}>
        <Icon name="send" />
      </button>
    </form>
  );
}

function Facts({ store, room, change }: { store: Store; room: Room; change: (p: { tags?: string[] }) => void }) {
  const { visitor: v, conversation: c } = room.thread;
  let context: [string, unknown][] = [];
  try {
    context = Object.entries(JSON.parse(v?.context || '{}'));
  } catch {
    /* none */
  }
  const facts: [string, string][] = v
    ? [
        ...(v.country || v.city
          ? [[w.place, [v.country && flag(v.country), v.city, v.country].filter(Boolean).join(' ')] as [string, string]]
          : []),
        ...(v.ip ? [[w.address, v.ip] as [string, string]] : []),
        [w.since, moment(v.createdAt)],
        ...context
          .filter(([, x]) => x !== '')
          .map(([k, x]) => [k, typeof x === 'string' ? x : JSON.stringify(x)] as [string, string]),
      ]
    : [];
  const online = store.online(c.visitorId);
  return (
    <aside class="facts" aria-label={w.facts}>
      <h2>{w.facts}</h2>
      <p class="who">
        <Avatar name={v?.name || '?'} online={online} />
        <span>
          <b dir="auto">{v?.name}</b>
          <small>{online ? w.isOnline : w.offline}</small>
        </span>
      </p>
      <dl>
        {facts.map(([k, x]) => (
          <div key={k}>
            <dt dir="auto">{k}</dt>
            <dd dir="auto">{x}</dd>
          </div>
        ))}
      </dl>
      <h2>{w.tags}</h2>
      <ul class="tags">
        {c.tags.map((t) => (
          <li key={t}>
            <span dir="auto">{t}</span>
            {store.writable && (
              <button
                type="button"
                aria-label={`${w.remove}: ${t}`}
                onClick={() => change({ tags: c.tags.filter((o) => o !== t) })}
              >
                <Icon name="close" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {store.writable && (
        <form
          class="add"
          onSubmit={(e) => {
            e.preventDefault();
            const i = e.currentTarget.elements.namedItem('tag') as HTMLInputElement;
            if (i.value.trim()) change({ tags: [...c.tags, i.value.trim()] });
            i.value = '';
          }}
        >
          <input name="tag" list="tags" maxLength={60} placeholder={w.addTag} aria-label={w.addTag} />
          <datalist id="tags">
            {store.tags.map((t) => (
              <option key={t} value={t} />
            ))}
          </datalist>
          <IconButton
            name="plus"
            label={w.addTag}
            onClick={() => (document.querySelector('.add') as HTMLFormElement).requestSubmit()}
          />
        </form>
      )}
      {c.summary && (
        <>
          <h2>{w.summary}</h2>
          <p dir="auto">{c.summary}</p>
        </>
      )}
    </aside>
  );
}
