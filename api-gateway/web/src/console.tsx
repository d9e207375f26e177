// The entry point of the agents' console: sign-in, routes by the fragment of the address, and keyboard shortcuts.
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Account } from './account';
import { Api, hasEnded } from './api';
import { Confirmation } from './confirm';
import { Home } from './home';
import { ConversationView } from './conversation';
import { ConversationList } from './conversations';
import { browserPage } from './page';
import { Empty, IconButton, Skeleton, useStore } from './parts';
import { returned, useWays } from './providers';
import { Invitation, NewWebsite, Reset, SignIn, SignUp, signInError } from './signin';
import { Store } from './store';
import { Team, isAdmin } from './team';
import { Tickets } from './tickets';
import type { Membership, SignedIn, SignedOut, Website } from '../../../libs/web/api';
import { language, texts } from './texts';

const signedInKey = 'fivechat:console:signed-in'; // whether this browser may have a session: scripts can't see its cookie
const websiteKey = 'fivechat:console:website'; // the website that was open last
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

interface ShellProps {
  store: Store;
  memberships: Membership[];
  open: (membership: Membership) => void;
  /** created is called with the membership of a new website. */
  created: (membership: Membership) => void;
  leave: () => void;
}

function Shell({ store, memberships, open, created, leave }: ShellProps) {
  useStore(store);
  const { signUp } = useWays();
  const canCreate = signUp === 'invite' || signUp === 'open';
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
  const membership = memberships.find((m) => m.websiteId === store.website.id)!;
  const link = (to: string, name: 'home' | 'inbox' | 'tickets' | 'team' | 'account', badge?: number) => (
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
        {isAdmin(membership.role) && link('team', 'team')}
        <span class="space" />
        {(memberships.length > 1 || canCreate) && (
          <select
            id="website"
            aria-label={texts.website}
            title={store.website.name}
            value={store.website.id}
            onChange={(e) => {
              const membership = memberships.find((m) => m.websiteId === Number(e.currentTarget.value));
              if (membership) return open(membership);
              e.currentTarget.value = String(store.website.id);
              location.hash = '#/new-website';
            }}
          >
            {memberships.map((m) => (
              <option key={m.id} value={m.websiteId}>
                {m.websiteName}
              </option>
            ))}
            {canCreate && <option value="">{texts.newWebsite}</option>}
          </select>
        )}
        <IconButton
          name="bell"
          label={texts.bell}
          pressed={canNotify}
          onClick={() => {
            if ('Notification' in window) Notification.requestPermission().then((p) => setCanNotify(p === 'granted'));
          }}
        />
        <IconButton name="theme" label={texts.theme} onClick={toggleTheme} />
        {link('account', 'account')}
        <IconButton name="out" label={texts.signOut} onClick={leave} />
      </nav>
      {view === 'new-website' ? (
        <NewWebsite created={created} />
      ) : (
        <View store={store} membership={membership} view={view} id={id} />
      )}
      <Confirmation api={store.api} />
      <div class="connection" role="status" hidden={store.isConnected}>
        {store.isConnected ? '' : texts.reconnecting}
      </div>
    </div>
  );
}

interface ViewProps {
  store: Store;
  membership: Membership;
  view: string;
  id: string;
}

function View({ store, membership, view, id }: ViewProps) {
  if (view === 'account') return <Account api={store.api} />;
  if (view === 'team' && isAdmin(membership.role)) return <Team store={store} membership={membership} />;
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

/** chosen returns the membership of the website that was open last in this browser, or else the first one. */
function chosen(memberships: Membership[]): Membership | undefined {
  const id = Number(localStorage.getItem(websiteKey));
  return memberships.find((m) => m.websiteId === id) || memberships[0];
}

/** arrive reads what a sign-in at a provider ended with, and returns why it failed, or ''. */
function arrive(): string {
  const result = returned(location.hash);
  if (!result) return '';
  if (result.isSignedIn) localStorage.setItem(signedInKey, '1');
  history.replaceState(null, '', '#' + (result.view || '/'));
  return result.problem;
}

const arrivedWith = arrive();

function App() {
  const [signedIn, setSignedIn] = useState<SignedIn | null>(null);
  const [store, setStore] = useState<Store | null>(null);
  const [isLoading, setLoading] = useState(true);
  const [problem, setProblem] = useState(arrivedWith);
  const [note, setNote] = useState('');
  const [view, invitation] = useHash();
  const leave = () => {
    localStorage.removeItem(signedInKey);
    store?.stop();
    setStore(null);
    setSignedIn(null);
    setLoading(false);
  };
  const fail = (err: unknown) => {
    if (!hasEnded(err)) setProblem(signInError(err));
    leave();
  };
  const open = async (membership: Membership) => {
    setLoading(true);
    store?.stop();
    setStore(null);
    localStorage.setItem(websiteKey, String(membership.websiteId));
    const api = new Api(membership.websiteId);
    try {
      const opened = new Store(api, await api.get<Website>('/website'), membership.userId, browserPage);
      await opened.start();
      api.onEnd = () => {
        opened.stop();
        check();
      };
      setStore(opened);
      setLoading(false);
    } catch (err) {
      fail(err);
    }
  };
  const remember = (entered: SignedIn) => {
    setProblem('');
    localStorage.setItem(signedInKey, '1');
    setSignedIn(entered);
  };
  const enter = (entered: SignedIn) => {
    remember(entered);
    if (view === 'invitation' || view === 'sign-up') location.hash = '#/';
    const membership = chosen(entered.memberships);
    if (membership) open(membership);
    else setLoading(false);
  };
  const created = (membership: Membership) => {
    setSignedIn((s) => s && { ...s, memberships: [...s.memberships, membership] });
    location.hash = '#/';
    open(membership);
  };
  // check asks for the session: at the start, and when it ends or the person loses a membership.
  const check = () => {
    setStore(null);
    if (!localStorage.getItem(signedInKey)) return setLoading(false);
    new Api().get<SignedIn>('/auth/session').then((entered) => {
      if (view !== 'invitation') return enter(entered);
      remember(entered);
      setLoading(false);
    }, fail);
  };
  const signOut = () => {
    new Api().call<SignedOut>('POST', '/auth/logout').then(({ providerUrl }) => {
      leave();
      if (providerUrl) location.assign(providerUrl);
    }, fail);
  };
  useEffect(check, []);
  if (isLoading) {
    return (
      <main class="gate">
        <Skeleton />
      </main>
    );
  }
  if (view === 'invitation' && !store) {
    return <Invitation key={invitation} token={invitation || ''} signedIn={signedIn} known={remember} enter={enter} />;
  }
  if (view === 'reset') {
    const done = () => {
      location.hash = '#/';
      setNote(texts.passwordChanged);
      leave();
    };
    return <Reset key={invitation} token={invitation || ''} done={done} />;
  }
  if (!signedIn && view === 'sign-up') return <SignUp enter={enter} />;
  if (!signedIn) return <SignIn key={problem + note} problem={problem} note={note} enter={enter} />;
  if (!store) {
    return (
      <main class="gate">
        <section>
          <h1>Fivechat</h1>
          <p>{texts.noWebsite}</p>
          <button onClick={signOut}>{texts.signOut}</button>
        </section>
      </main>
    );
  }
  return <Shell store={store} memberships={signedIn.memberships} open={open} created={created} leave={signOut} />;
}

applyTheme();
document.documentElement.lang = language;
render(<App />, document.getElementById('app')!);
