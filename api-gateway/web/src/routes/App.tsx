// App asks for the session and shows the sign-in pages, or the shell with the page of the address.
import { QueryClientProvider } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import type { Membership, SignedIn, SignedOut, Website } from '../../../../libs/web/api';
import { Api, hasEnded } from '../api/client';
import { Keep } from '../api/keep';
import { keys } from '../api/keys';
import { Live } from '../api/live';
import { browserPage } from '../api/page';
import { newQueries, SessionContext, type Session } from '../api/session';
import { t } from '../texts';
import { Skeleton } from '../ui/parts';
import { ToastProvider } from '../ui/toasts';
import { keepSignedIn, mayBeSignedIn, takeSignInProblem } from './arrival';
import { providerProblem, signInError } from './gate/problems';
import { Shell } from './Shell';

const gate = () => import('./gate/gate');
const SignIn = lazy(async () => ({ default: (await gate()).SignIn }));
const SignUp = lazy(async () => ({ default: (await gate()).SignUp }));
const Reset = lazy(async () => ({ default: (await gate()).Reset }));
const Invitation = lazy(async () => ({ default: (await gate()).Invitation }));

const browser = new Keep('browser');
const formerWebsiteKey = 'fivechat:console:website';

/** chosen returns the membership of the website that was open last in this browser, or else the first one. */
function chosen(memberships: Membership[]): Membership | undefined {
  const id = Number(browser.read('website') ?? localStorage.getItem(formerWebsiteKey));
  return memberships.find((m) => m.websiteId === id) || memberships[0];
}

type Opened = Pick<Session, 'api' | 'live' | 'membership' | 'isWritable'>;

/** openWebsite reads what every page needs and follows the events. */
async function openWebsite(membership: Membership, openConversation: (token: string) => void): Promise<Opened> {
  const api = new Api(membership.websiteId);
  const website = await api.get<Website>('/website');
  const isWritable = website.level === 'READ_WRITE';
  const queries = newQueries();
  const keep = new Keep(`${membership.websiteId}:${membership.userId}`);
  const live = new Live(api, queries, membership.userId, isWritable, browserPage(openConversation), keep);
  queries.setQueryData(keys.website, website);
  await live.start();
  return { api, live, membership, isWritable };
}

const waiting = (
  <main className="gate">
    <Skeleton />
  </main>
);

/** useSessionOfBrowser keeps the session, and the website that is open. */
function useSessionOfBrowser() {
  const navigate = useNavigate();
  const [signedIn, setSignedIn] = useState<SignedIn | null>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [isLoading, setLoading] = useState(true);
  const [problem, setProblem] = useState('');
  const current = useRef<Live | null>(null);
  const attempts = useRef(0); // only the newest attempt to open a website counts
  const close = () => {
    attempts.current++;
    current.current?.stop();
    current.current = null;
    setOpened(null);
  };
  const leave = () => {
    keepSignedIn(false);
    close();
    setSignedIn(null);
    setLoading(false);
  };
  const fail = (err: unknown) => {
    if (!hasEnded(err)) setProblem(signInError(err));
    leave();
  };
  const open = async (membership: Membership) => {
    close();
    setLoading(true);
    browser.write('website', membership.websiteId);
    const attempt = attempts.current;
    try {
      const session = await openWebsite(membership, (token) =>
        navigate({ to: '/inbox/$view/$token', params: { view: 'all', token } }),
      );
      if (attempt !== attempts.current) return session.live.stop();
      session.api.onEnd = () => {
        close();
        check();
      };
      current.current = session.live;
      setOpened(session);
      setLoading(false);
    } catch (err) {
      if (attempt === attempts.current) fail(err);
    }
  };
  const remember = (entered: SignedIn) => {
    setProblem('');
    keepSignedIn(true);
    setSignedIn(entered);
  };
  const enter = (entered: SignedIn) => {
    remember(entered);
    const membership = chosen(entered.memberships);
    if (membership) void open(membership);
    else setLoading(false);
  };
  // check asks for the session: at the start, and when it ends or the person loses a membership.
  const check = (isInvited = false) => {
    if (!mayBeSignedIn()) return leave();
    setLoading(true);
    new Api().get<SignedIn>('/auth/session').then((entered) => {
      if (!isInvited) return enter(entered);
      remember(entered);
      setLoading(false);
    }, fail);
  };
  const signOut = () => {
    new Api().call<SignedOut>('POST', '/auth/logout').then(({ providerUrl }) => {
      current.current?.keep.clear();
      leave();
      if (providerUrl) location.assign(providerUrl);
    }, fail);
  };
  return { signedIn, setSignedIn, opened, isLoading, problem, open, enter, remember, check, leave, signOut };
}

export function App() {
  const { pathname, hash } = useLocation();
  const navigate = useNavigate();
  const [note, setNote] = useState('');
  const [arrivedWith] = useState(() => {
    const code = takeSignInProblem();
    return code && providerProblem(code);
  });
  const browser = useSessionOfBrowser();
  const { signedIn, opened } = browser;
  useEffect(() => browser.check(pathname === '/invitation'), []);
  const session = useMemo<Session | null>(() => {
    if (!signedIn || !opened) return null;
    const created = (membership: Membership) => {
      browser.setSignedIn({ ...signedIn, memberships: [...signedIn.memberships, membership] });
      void navigate({ to: '/' });
      void browser.open(membership);
    };
    const { open, signOut } = browser;
    const { person, memberships } = signedIn;
    return { ...opened, person, memberships, open, created, signOut };
  }, [signedIn, opened]);
  const enter = (entered: SignedIn) => {
    if (pathname === '/invitation' || pathname === '/sign-up') void navigate({ to: '/', replace: true });
    browser.enter(entered);
  };
  const page = () => {
    if (browser.isLoading) return waiting;
    if (pathname === '/invitation' && !opened) {
      return <Invitation key={hash} token={hash} signedIn={signedIn} known={browser.remember} enter={enter} />;
    }
    if (pathname === '/reset') {
      const done = () => {
        void navigate({ to: '/', replace: true });
        setNote(t('passwordChanged'));
        browser.leave();
      };
      return <Reset key={hash} token={hash} done={done} />;
    }
    if (!signedIn && pathname === '/sign-up') return <SignUp enter={enter} />;
    if (!signedIn) {
      const problem = browser.problem || arrivedWith;
      return <SignIn key={problem + note} problem={problem} note={note} enter={enter} />;
    }
    if (!session) {
      return (
        <main className="gate">
          <section>
            <h1>Fivechat</h1>
            <p>{t('noWebsite')}</p>
            <button className="button" onClick={browser.signOut}>
              {t('signOut')}
            </button>
          </section>
        </main>
      );
    }
    return (
      <QueryClientProvider client={session.live.queries} key={session.membership.websiteId}>
        <SessionContext value={session}>
          <ToastProvider>
            <Shell />
          </ToastProvider>
        </SessionContext>
      </QueryClientProvider>
    );
  };
  return <Suspense fallback={waiting}>{page()}</Suspense>;
}
