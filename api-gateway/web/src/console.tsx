// The entry point of the agents' console: sign-in, routes by the fragment of the address, and keyboard shortcuts.
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Api } from './api';
import { Home } from './home';
import { ConversationView } from './conversation';
import { ConversationList } from './conversations';
import { browserPage } from './page';
import { Empty, IconButton, Skeleton, useStore } from './parts';
import { ChooseAgent, SignIn, signInError } from './signin';
import { Store } from './store';
import { Tickets } from './tickets';
import type { User, Website } from '../../../libs/web/api';
import { language, texts } from './texts';

const tokenKey = 'fivechat:console:token'; // in the session storage, which ends with the tab
const themeKey = 'fivechat:console:theme';

/** applyTheme shows the theme that was chosen, or else the one that the system prefers. */
function applyTheme() {
  const preferred = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  document.documentElement.dataset.theme = localStorage.getItem(themeKey) || preferred;
}

function toggleTheme() {
  localStorage.setItem(themeKey, document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
  applyTheme();
}

/** segment matches views, tokens and ids. Other parts of the fragment count as empty: they could form other paths. */
const segment = /^[A-Za-z0-9_-]*$/;

function useHash(): string[] {
  const read = () =>
    location.hash
      .replace(/^#\/?/, '')
      .split('/')
      .map((part) => (segment.test(part) ? part : ''));
  const [segments, setSegments] = useState(read());
  useEffect(() => {
    const onChange = () => setSegments(read());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return segments;
}

function Shell({ store, leave }: { store: Store; leave: () => void }) {
  useStore(store);
  const [view = '', id = ''] = useHash();
  const [canNotify, setCanNotify] = useState('Notification' in window && Notification.permission === 'granted');
  const unread = store.ownUnreadCount;
  useEffect(() => {
    document.title = (unread ? `(${unread}) ` : '') + `${store.website.name} – Fivechat`;
  }, [unread]);
  useEffect(() => {
    const markRead = () => store.markRead();
    document.addEventListener('visibilitychange', markRead);
    const onKey = (e: KeyboardEvent) => handleKey(e, store);
    addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('visibilitychange', markRead);
      removeEventListener('keydown', onKey);
    };
  }, []);
  const link = (to: string, name: 'home' | 'inbox' | 'tickets', badge?: number) => (
    <IconButton
      name={name}
      label={texts[name]}
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
          label={texts.bell}
          pressed={canNotify}
          onClick={() => {
            if ('Notification' in window) Notification.requestPermission().then((p) => setCanNotify(p === 'granted'));
          }}
        />
        <IconButton name="theme" label={texts.theme} onClick={toggleTheme} />
        <IconButton name="out" label={texts.signOut} onClick={leave} />
      </nav>
      <View store={store} view={view} id={id} />
      <div class="connection" role="status" hidden={store.isConnected}>
        {store.isConnected ? '' : texts.reconnecting}
      </div>
    </div>
  );
}

function View({ store, view, id }: { store: Store; view: string; id: string }) {
  if (view === 'tickets') return <Tickets store={store} id={id} />;
  if (view !== 'inbox') return <Home store={store} />;
  return (
    <>
      <ConversationList store={store} />
      {id ? (
        <ConversationView store={store} token={id} key={id} />
      ) : (
        <main class="talk none">
          <Empty>
            {texts.pick}
            <br />
            <small>{texts.keys}</small>
          </Empty>
        </main>
      )}
    </>
  );
}

/** handleKey runs the shortcuts, unless the agent writes into a field. */
function handleKey(e: KeyboardEvent, store: Store) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const target = e.target as HTMLElement;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) {
    if (e.key === 'Escape') target.blur();
    return;
  }
  const rows = [...document.querySelectorAll<HTMLAnchorElement>('.conversations a.row')];
  const at = rows.findIndex((r) => r === document.activeElement || r.classList.contains('selected'));
  const actions: Record<string, () => void> = {
    j: () => rows[Math.min(at + 1, rows.length - 1)]?.focus(),
    k: () => rows[Math.max(at - 1, 0)]?.focus(),
    r: () => document.getElementById('reply')?.focus(),
    a: () => document.getElementById('take')?.click(),
    e: () => {
      if (store.openToken) document.getElementById('close')?.click();
    },
    '/': () => document.getElementById('search')?.focus(),
  };
  const action = actions[e.key];
  if (!action) return;
  e.preventDefault();
  action();
}

function App() {
  const [store, setStore] = useState<Store | null>(null);
  const [isReady, setReady] = useState(false);
  const [isAgentSkipped, setAgentSkipped] = useState(false);
  const [problem, setProblem] = useState('');
  const leave = () => {
    sessionStorage.removeItem(tokenKey);
    store?.stop();
    setStore(null);
    setReady(false);
    setAgentSkipped(false);
  };
  const fail = (err: unknown) => {
    setProblem(signInError(err));
    setStore(null);
  };
  const enter = (token: string, website: Website) => {
    sessionStorage.setItem(tokenKey, token);
    const entered = new Store(new Api(token), website, browserPage);
    setStore(entered);
    entered.start().then(() => {
      const agent = entered.savedAgent();
      if (agent) entered.setAgent(agent);
      setReady(true);
    }, fail);
  };
  useEffect(() => {
    const token = sessionStorage.getItem(tokenKey);
    if (token) new Api(token).get<Website>('/website').then((website) => enter(token, website), fail);
  }, []);
  if (!store) return <SignIn key={problem} problem={problem} enter={enter} />;
  if (!isReady) {
    return (
      <main class="gate">
        <Skeleton />
      </main>
    );
  }
  if (!store.agent && !isAgentSkipped) {
    const choose = (user: User) => {
      store.setAgent(user);
      setAgentSkipped(true); // renders again
    };
    return <ChooseAgent users={store.users} choose={choose} skip={() => setAgentSkipped(true)} />;
  }
  return <Shell store={store} leave={leave} />;
}

applyTheme();
document.documentElement.lang = language;
render(<App />, document.getElementById('app')!);
