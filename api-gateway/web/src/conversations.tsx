// The lists of conversations.
import { useState } from 'preact/hooks';
import type { Conversation, ConversationPage } from '../../../libs/web/api';
import { groupByAssignee } from './inbox';
import { ago, Avatar, Empty, useStore } from './parts';
import type { Store } from './store';
import { texts } from './texts';

/** Row is a conversation in a list. */
export function Row({ store, c }: { store: Store; c: Conversation }) {
  const loaded = store.threads.get(c.token);
  const last = loaded?.thread.messages.at(-1);
  const name = loaded?.thread.visitor?.name || `${texts.visitor} ${c.visitorId}`;
  const unread = store.unreadCount(c.token);
  return (
    <li>
      <a
        href={'#/inbox/' + c.token}
        class={'row' + (store.openToken === c.token ? ' selected' : '') + (unread ? ' unread' : '')}
        aria-current={store.openToken === c.token ? 'page' : undefined}
      >
        <Avatar name={name} online={store.isOnline(c.visitorId)} />
        <span class="what">
          <span class="top">
            <b dir="auto">{name}</b>
            <time>{ago(last?.createdAt || c.createdAt)}</time>
          </span>
          <span class="preview" dir="auto">
            {loaded?.isVisitorTyping ? texts.typing : last?.content.slice(0, 200) || ''}
          </span>
        </span>
        {unread ? (
          <span class="badge" aria-label={`${unread} ${texts.unread}`}>
            {unread}
          </span>
        ) : null}
      </a>
    </li>
  );
}

/** ConversationList lists the conversations of the inbox, or those that a search has found. */
export function ConversationList({ store }: { store: Store }) {
  useStore(store);
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<Conversation[] | null>(null);
  const search = (text: string) => {
    setQuery(text);
    if (!text.trim()) return setFound(null);
    store.api.get<ConversationPage>('/conversations?limit=50&search=' + encodeURIComponent(text)).then(
      (page) => setFound(page.data),
      () => setFound([]),
    );
  };
  let sections: [string, Conversation[]][] = [['', found || []]];
  if (!found) {
    const { own, unassigned, others } = groupByAssignee(store.conversations.values(), store.threads, store.agent?.id);
    sections = [
      [texts.yours, own],
      [texts.unassigned, unassigned],
      [texts.others, others],
      [texts.closed, store.closed || []],
    ];
  }
  return (
    <nav class="conversations" aria-label={texts.inbox}>
      <div class="tools">
        <input
          type="search"
          id="search"
          placeholder={texts.search}
          aria-label={texts.search}
          value={query}
          onInput={(e) => search(e.currentTarget.value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={!!store.closed}
            onChange={(e) => (e.currentTarget.checked ? store.showClosed() : store.hideClosed())}
          />
          {texts.showClosed}
        </label>
      </div>
      <div class="scroll">
        {sections.map(([name, rows]) =>
          rows.length || name === texts.unassigned ? (
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
                <Empty>{texts.noChats}</Empty>
              )}
            </section>
          ) : null,
        )}
        {found && !found.length && <Empty>{texts.noneFound}</Empty>}
      </div>
    </nav>
  );
}
