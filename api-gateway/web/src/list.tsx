import { useState } from 'preact/hooks';
import type { Conversation, ConversationPage } from '../../../libs/web/api';
import type { Store } from './store';
import { ago, Avatar, Empty, useStore } from './parts';
import { w } from './words';

/** Row is a conversation in a list. */
export function Row({ store, c }: { store: Store; c: Conversation }) {
  const room = store.rooms.get(c.token);
  const last = room?.thread.messages.at(-1);
  const name = room?.thread.visitor?.name || `${w.visitor} ${c.visitorId}`;
  const unread = store.unread(c.token);
  return (
    <li>
      <a
        href={'#/inbox/' + c.token}
        class={'row' + (store.open === c.token ? ' selected' : '') + (unread ? ' unread' : '')}
        aria-current={store.open === c.token ? 'page' : undefined}
      >
        <Avatar name={name} online={store.online(c.visitorId)} />
        <span class="what">
          <span class="top">
            <b dir="auto">{name}</b>
            <time>{ago(last?.createdAt || c.createdAt)}</time>
          </span>
          <span class="preview" dir="auto">
            {room?.typing ? w.typing : last?.content.slice(0, 200) || ''}
          </span>
        </span>
        {unread ? (
          <span class="badge" aria-label={`${unread} ${w.unread}`}>
            {unread}
          </span>
        ) : null}
      </a>
    </li>
  );
}

const latest = (store: Store) => (a: Conversation, b: Conversation) => {
  const at = (c: Conversation) =>
    Date.parse(store.rooms.get(c.token)?.thread.messages.at(-1)?.createdAt || c.createdAt);
  return at(b) - at(a);
};

/** List is the inbox's conversations, by whose they are. */
export function List({ store }: { store: Store }) {
  useStore(store);
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<Conversation[] | null>(null);
  const search = (text: string) => {
    setQuery(text);
    if (!text.trim()) return setFound(null);
    store.api.get<ConversationPage>('/conversations?limit=50&search=' + encodeURIComponent(text)).then(
      (p) => setFound(p.data),
      () => setFound([]),
    );
  };
  const all = [...store.conversations.values()].sort(latest(store));
  const groups: [string, Conversation[]][] = found
    ? [['', found]]
    : [
        [w.yours, all.filter((c) => store.me && c.assigneeId === store.me.id)],
        [w.unassigned, all.filter((c) => !c.assigneeId)],
        [w.others, all.filter((c) => c.assigneeId && c.assigneeId !== store.me?.id)],
        ...(store.closed ? [[w.closed, store.closed] as [string, Conversation[]]] : []),
      ];
  return (
    <nav class="conversations" aria-label={w.inbox}>
      <div class="tools">
        <input
          type="search"
          id="search"
          placeholder={w.search}
          aria-label={w.search}
          value={query}
          onInput={(e) => search(e.currentTarget.value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={!!store.closed}
            onChange={(e) => {
              if (e.currentTarget.checked) store.showClosed();
              else {
                store.closed = null;
                store.changed();
              }
            }}
          />
          {w.showClosed}
        </label>
      </div>
      <div class="scroll">
        {groups.map(([name, rows]) =>
          rows.length || name === w.unassigned ? (
            <section key={name}>
              {name && (
                <h2>
                  {name} <span>{rows.length}</span>
                </h2>
              )}
              {rows.length ? (
                <ul class="list">
                  {rows.map((c) => (
                    <Row key={c.token} store={store} c={c} />
                  ))}
                </ul>
              ) : (
                <Empty>{w.noChats}</Empty>
              )}
            </section>
          ) : null,
        )}
        {found && !found.length && <Empty>{w.noneFound}</Empty>}
      </div>
    </nav>
  );
}
