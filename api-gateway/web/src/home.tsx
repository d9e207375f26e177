// The start page: figures, the recent conversations and, until a browser has loaded the widget, how to install it.
import { useState } from 'preact/hooks';
import type { Store } from './store';
import { Empty, Skeleton, useStore } from './parts';
import { Row } from './conversations';
import { texts } from './texts';

const figure = new Intl.NumberFormat();

export function Home({ store }: { store: Store }) {
  useStore(store);
  const [copied, setCopied] = useState(false);
  const { statistics: s, counts: c, website } = store;
  const tiles: [string, number | undefined][] = [
    [texts.online, s?.onlineVisitors],
    [texts.active, s?.activeConversations],
    [texts.unassigned, c?.unassigned],
    [texts.newToday, c?.opened],
    [texts.closedToday, c?.closed],
    [texts.total, s?.totalConversations],
  ];
  const tag = `<script async src="${location.origin}/widget/${website.clientToken}"></script>`;
  const recent = [...store.conversations.values()].slice(0, 8);
  return (
    <main class="page">
      <h1 dir="auto">{website.name}</h1>
      {!website.widgetLoadedAt && (
        <section class="warning" role="status">
          <strong>{texts.notInstalled}</strong>
          <p>{texts.install}</p>
          <p class="code">
            <code>{tag}</code>
            <button
              type="button"
              class="link"
              onClick={() =>
                navigator.clipboard.writeText(tag).then(
                  () => setCopied(true),
                  () => {
                    /* the agent can select the text */
                  },
                )
              }
            >
              {copied ? texts.copied : texts.copy}
            </button>
          </p>
        </section>
      )}
      <ul class="tiles">
        {tiles.map(([name, n]) => (
          <li key={name}>
            <span>{name}</span>
            <b>{n === undefined ? '–' : figure.format(n)}</b>
          </li>
        ))}
      </ul>
      <h2>{texts.recent}</h2>
      {!s ? (
        <Skeleton />
      ) : recent.length ? (
        <ul class="list">
          {recent.map((r) => (
            <Row key={r.token} store={store} c={r} />
          ))}
        </ul>
      ) : (
        <Empty>{texts.noChats}</Empty>
      )}
    </main>
  );
}
