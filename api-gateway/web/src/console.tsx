// The agents' console: who is signed in, which view is shown, and what reaches the agent outside of it.
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Api } from './api';
import { Home } from './home';
import { List } from './list';
import { Empty, IconButton, Skeleton, useStore } from './parts';
import { SignIn, Who, why } from './signin';
import { Store } from './store';
import { Talk } from './talk';
import { Tickets } from './tickets';
import type { Website } from '../../../libs/web/api';
import { language, w } from './words';

const kept = 'fivechat:console:token'; // in the session's storage: it ends with the tab

function theme(chosen?: string) {
  if (chosen) localStorage.setItem('fivechat:console:theme', chosen);
  const wanted =
    localStorage.getItem('fivechat:console:theme') ||
    (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  document.documentElement.dataset.theme = wanted;
  return wanted;
}

/** segment is what a view, a token or a number in the address consists of. Anything else is no part of an address of ours. */
const segment = /^[A-Za-z0-9_-]*$/;

function useHash(): string[] {
  const read = () =>
    location.hash
      .replace(/^#\/?/, '')
      .split('/')
      .map((part) => (segment.test(part) ? part : ''));
  const [parts, set] = useState(read());
  useEffect(() => {
    const changed = () => set(read());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return parts;
}

function notify(title: string, text: string, token: string) {
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  const n = new Notification(title, { body: text.slice(0, 200), tag: token });
  n.onclick = () => {
    window.focus();
    location.hash = '#/inbox/' + token;
  };
}

function Shell({ store, leave }: { store: Store; leave: () => void }) {
  useStore(store);
  const [view = '', id = ''] = useHash();
  const [bell, setBell] = useState('Notification' in window && Notification.permission === 'granted');
  const unread = store.unreadAll;
  useEffect(() => {
    document.title = (unread ? `(${unread}) ` : '') + `${store.website.name} – Fivechat`;
  }, [unread]);
  useEffect(() => {
    const visible = () => store.seen();
    document.addEventListener('visibilitychange', visible);
    const key = (e: KeyboardEvent) => keys(e, store);
    addEventListener('keydown', key);
    return () => {
      document.removeEventListener('visibilitychange', visible);
      removeEventListener('keydown', key);
    };
  }, []);
  const link = (to: string, name: 'home' | 'inbox' | 'tickets', badge?: number) => (
    <IconButton
      name={name}
      label={w[name]}
      pressed={view === to}
      badge={badge}
      onClick={() => {
        location.hash = '#/' + to;
      }}
    />
  );
  return (
    <div class={'shell ' + (view || 'home') + (id ? ' detail' : '')}>
      <nav class="rail" aria-label="Fivechat">
        {link('', 'home')}
        {link('inbox', 'inbox', unread)}
        {link('tickets', 'tickets')}
        <span class="space" />
        <IconButton
          name="bell"
          label={w.bell}
          pressed={bell}
          onClick={() => {
            if ('Notification' in window) Notification.requestPermission().then((p) => setBell(p === 'granted'));
          }}
        />
        <IconButton
          name="theme"
          label={w.theme}
          onClick={() => theme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark')}
        />
        <IconButton name="out" label={w.signOut} onClick={leave} />
      </nav>
      {view === 'inbox' ? (
        <>
          <List store={store} />
          {id ? (
            <Talk store={store} token={id} key={id} />
          ) : (
            <main class="talk none">
              <Empty>
                {w.pick}
                <br />
                <small>{w.keys}</small>
              </Empty>
            </main>
          )}
        </>
      ) : view === 'tickets' ? (
        <Tickets store={store} id={id} />
      ) : (
        <Home store={store} />
      )}
      <div class="connection" role="status" hidden={store.live}>
        {store.live ? '' : w.reconnecting}
      </div>
    </div>
  );
}

/** keys moves through the inbox by single keys, where nobody is writing. */
function keys(e: KeyboardEvent, store: Store) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const target = e.target as HTMLElement;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) {
    if (e.key === 'Escape') target.blur();
    return;
  }
  const rows = [...document.querySelectorAll<HTMLAnchorElement>('.conversations a.row')];
  const at = rows.findIndex((r) => r === document.activeElement || r.classList.contains('selected'));
  const acts: Record<string, () => void> = {
    j: () => rows[Math.min(at + 1, rows.length - 1)]?.focus(),
    k: () => rows[Math.max(at - 1, 0)]?.focus(),
    r: () => document.getElementById('reply')?.focus(),
    a: () => document.getElementById('take')?.click(),
    e: () => {
      if (store.open) document.getElementById('close')?.click();
    },
    '/': () => document.getElementById('search')?.focus(),
  };
  const act = acts[e.key];
  if (!act) return;
  e.preventDefault();
  act();
}

function App() {
  const [store, setStore] = useState<Store | null>(null);
  const [ready, setReady] = useState(false);
  const [looking, setLooking] = useState(false);
  const [problem, setProblem] = useState('');
  const leave = () => {
    sessionStorage.removeItem(kept);
    store?.end();
    setStore(null);
    setReady(false);
    setLooking(false);
  };
  const enter = (token: string, website: Website) => {
    sessionStorage.setItem(kept, token);
    const s = new Store(new Api(token), website, notify);
    setStore(s);
    s.begin().then(
      () => {
        const me = s.remembered();
        if (me) s.choose(me);
        setReady(true);
      },
      (err) => {
        setProblem(why(err));
        setStore(null);
      },
    );
  };
  useEffect(() => {
    const token = sessionStorage.getItem(kept);
    if (token)
      new Api(token).get<Website>('/website').then(
        (website) => enter(token, website),
        (err) => {
          setProblem(why(err));
        },
      );
  }, []);
  if (!store) return <SignIn key={problem} problem={problem} entered={enter} />;
  if (!ready)
    return (
      <main class="gate">
        <Skeleton />
      </main>
    );
  if (!store.me && !looking)
    return (
      <Who
        users={store.users}
        look={() => setLooking(true)}
        chosen={(u) => {
          store.choose(u);
          setLooking(true);
        }}
      />
    );
  return <Shell store={store} leave={leave} />;
}

theme();
document.documentElement.lang = language;
render(<App />, document.getElementById('app')!);
