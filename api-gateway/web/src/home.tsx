import { useState } from 'preact/hooks';
import type { Store } from './store';
import { Empty, Skeleton, useStore } from './parts';
import { Row } from './list';
import { w } from './words';

const figure = new Intl.NumberFormat();

export function Home({ store }: { store: Store }) {
  useStore(store);
  const [copied, setCopied] = useState(false);
  const { statistics: s, counts: c, website } = store;
  const tiles: [string, number | undefined][] = [
    [w.online, s?.onlineVisitors],
    [w.active, s?.activeConversations],
    [w.unassigned, c?.unassigned],
    [w.newToday, c?.opened],
    [w.closedToday, c?.closed],
    [w.total, s?.totalConversations],
  ];
  const tag = `<script async src="${location.origin}/widget/${website.clientToken}"></script>`;
  const recent = [...store.conversations.values()].slice(0, 8);
  return (
    <main class="page">
      <h1 dir="auto">{website.name}</h1>
      {!website.widgetLoadedAt && (
        <section class="warning" role="status">
          <strong>{w.notInstalled}</strong>
          <p>{w.install}</p>
          <p class="code">
            <code>{tag}</code>
            <button
              type="button"
              class="link"
              onClick={() =>
                navigator.clipboard.writeText(tag).then(
                  () => setCopied(true),
                  () => {
                    /* it can be marked */
                  },
                )
              }
            >
              {copied ? w.copied : w.copy}
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
      <h2>{w.recent}</h2>
      {!s ? (
        <Skeleton />
      ) : recent.length ? (
        <ul class="list">
          {recent.map((r) => (
            <Row key={r.token} store={store} c={r} />
          ))}
        </ul>
      ) : (
        <Empty>{w.noChats}</Empty>
      )}
    </main>
  );
}
