// The shell around each page: the rail, the menu of the person, and what is always there.
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import {
  Bell,
  ChartNoAxesColumn,
  Eye,
  House,
  Inbox,
  Keyboard,
  LogOut,
  MessageSquareText,
  Plus,
  Search,
  Settings,
  Ticket,
  UserRound,
  Users,
} from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useConnected, useInboxList, useNotificationSettings, useRowSum, useUsers, useWebsite } from '../api/hooks';
import { canNotify, setNotifications } from '../api/page';
import { useSession } from '../api/session';
import { t, type Key } from '../texts';
import { CommandProvider, useCommands } from '../ui/commands';
import { Confirmation } from '../ui/Confirmation';
import { Menu, MenuCheck, MenuChoice, MenuItem, MenuLabel, MenuLine } from '../ui/Menu';
import { KeyHelp, Palette } from '../ui/Palette';
import { Avatar } from '../ui/parts';
import { hasMoreContrast, setMoreContrast, setTheme, theme, type Theme } from '../ui/theme';
import { useToasts } from '../ui/toasts';
import { useWays } from './gate/providers';
import { attention } from './inbox/views';
import { pagesFor } from './settings/pages';
import { isAdmin } from './team/roles';

interface RailLinkProps {
  to: '/' | '/inbox' | '/tickets' | '/visitors' | '/reports' | '/team' | '/settings/replies' | '/settings';
  label: Key;
  icon: ReactNode;
  badge?: number;
}

function RailLink({ to, label, icon, badge = 0 }: RailLinkProps) {
  return (
    <Link
      to={to}
      className="icon"
      activeOptions={{ exact: to === '/' }}
      data-badge={badge || undefined}
      title={t(label)}
      aria-label={badge ? t('unreadLabel', { label: t(label), count: badge }) : t(label)}
    >
      {icon}
    </Link>
  );
}

/** useUnread counts the unread messages of this agent's conversations and of unassigned ones. */
function useUnread(): number {
  const { membership } = useSession();
  const list = useInboxList(attention(membership.userId));
  return useRowSum(list.data?.tokens ?? [], (row) => row.unreadByMe ?? 0);
}

const themes: { value: Theme; text: Key }[] = [
  { value: 'system', text: 'themeSystem' },
  { value: 'light', text: 'themeLight' },
  { value: 'dark', text: 'themeDark' },
];

function PersonMenu({ showKeys }: { showKeys: () => void }) {
  const { live, isWritable, person, membership, memberships, open, signOut } = useSession();
  const toasts = useToasts();
  const status = useUsers().find(({ id }) => id === membership.userId)?.status;
  const statuses = [
    { value: 'online', text: t('isOnline') },
    { value: 'away', text: t('isAway') },
  ] as const;
  const { signUp } = useWays();
  const navigate = useNavigate();
  const canCreate = signUp === 'invite' || signUp === 'open';
  const [isNotified, setNotified] = useState(canNotify);
  const [chosen, setChosen] = useState(theme);
  const [contrast, setContrast] = useState(hasMoreContrast);
  const notify = (isOn: boolean) => void setNotifications(isOn).then(setNotified);
  return (
    <Menu
      side="right"
      align="end"
      trigger={
        <button type="button" className="icon" id="person" aria-label={t('personMenu', { name: person.name })}>
          <Avatar name={person.name} status={isWritable ? status : undefined} />
        </button>
      }
    >
      <MenuLabel>
        {person.name}
        <small>{membership.websiteName}</small>
      </MenuLabel>
      {isWritable && (
        <>
          <MenuChoice
            value={status === 'away' ? 'away' : 'online'}
            options={statuses}
            change={(chosen) => void live.presence.choose(chosen).catch(toasts.fail)}
          />
          <MenuLine />
        </>
      )}
      <MenuItem icon={UserRound} choose={() => void navigate({ to: '/account' })}>
        {t('account')}
      </MenuItem>
      <MenuItem icon={Keyboard} choose={showKeys}>
        {t('shortcuts')}
      </MenuItem>
      <MenuItem icon={Bell} choose={() => void navigate({ to: '/settings/notifications' })}>
        {t('notifications')}
      </MenuItem>
      <MenuCheck isOn={isNotified} change={notify}>
        {t('bell')}
      </MenuCheck>
      <MenuLine />
      <MenuLabel>{t('theme')}</MenuLabel>
      <MenuChoice
        value={chosen}
        options={themes.map(({ value, text }) => ({ value, text: t(text) }))}
        change={(value) => {
          setTheme(value);
          setChosen(value);
        }}
      />
      <MenuCheck
        isOn={contrast}
        change={(isOn) => {
          setMoreContrast(isOn);
          setContrast(isOn);
        }}
      >
        {t('moreContrast')}
      </MenuCheck>
      {(memberships.length > 1 || canCreate) && (
        <>
          <MenuLine />
          <MenuLabel>{t('websites')}</MenuLabel>
          <MenuChoice
            value={String(membership.websiteId)}
            options={memberships.map((m) => ({ value: String(m.websiteId), text: m.websiteName }))}
            change={(id) => {
              const other = memberships.find((m) => String(m.websiteId) === id);
              if (other && other !== membership) open(other);
            }}
          />
          {canCreate && (
            <MenuItem icon={Plus} choose={() => void navigate({ to: '/new-website' })}>
              {t('newWebsite')}
            </MenuItem>
          )}
        </>
      )}
      <MenuLine />
      <MenuItem icon={LogOut} choose={signOut}>
        {t('signOut')}
      </MenuItem>
    </Menu>
  );
}

interface GlobalProps {
  showPalette: () => void;
  showKeys: () => void;
}

/** GlobalCommands are the commands that every page has. */
function GlobalCommands({ showPalette, showKeys }: GlobalProps) {
  const navigate = useNavigate();
  const toasts = useToasts();
  const { membership, memberships, open, signOut } = useSession();
  const flip = (): Theme => (document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
  useCommands([
    { id: 'inbox', label: t('goTo', { page: t('inbox') }), keys: 'g i', run: () => void navigate({ to: '/inbox' }) },
    { id: 'home', label: t('goTo', { page: t('home') }), keys: 'g h', run: () => void navigate({ to: '/' }) },
    {
      id: 'tickets',
      label: t('goTo', { page: t('tickets') }),
      keys: 'g t',
      run: () => void navigate({ to: '/tickets' }),
    },
    {
      id: 'visitors',
      label: t('goTo', { page: t('visitors') }),
      keys: 'g v',
      run: () => void navigate({ to: '/visitors' }),
    },
    {
      id: 'reports',
      label: t('goTo', { page: t('reports') }),
      keys: 'g r',
      run: () => void navigate({ to: '/reports' }),
    },
    {
      id: 'settings',
      label: t('goTo', { page: t('settings') }),
      keys: 'g s',
      run: () => void navigate({ to: '/settings' }),
    },
    ...pagesFor(membership.role)
      .flatMap(({ pages }) => pages)
      .map(({ to, label }) => ({
        id: to,
        label: t('goTo', { page: t(label) }),
        ...(to === '/account' && { keys: 'g a' }),
        run: () => void navigate({ to }),
      })),
    { id: 'new-ticket', label: t('newTicket'), run: () => void navigate({ to: '/tickets/new' }) },
    { id: 'undo', label: t('undo'), keys: 'z', isHidden: true, run: toasts.undo },
    { id: 'theme', label: t('switchTheme'), run: () => setTheme(flip()) },
    { id: 'keys', label: t('shortcuts'), keys: '?', run: showKeys },
    ...memberships
      .filter((m) => m.websiteId !== membership.websiteId)
      .map((m) => ({ id: 'website-' + m.websiteId, label: t('goTo', { page: m.websiteName }), run: () => open(m) })),
    { id: 'sign-out', label: t('signOut'), run: signOut },
  ]);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (!(e.ctrlKey || e.metaKey) || e.key.toLowerCase() !== 'k' || e.altKey || e.shiftKey) return;
      e.preventDefault();
      showPalette();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [showPalette]);
  return null;
}

/** usePresence reports to Live what the agent does, when the page is seen again, and when the network is back. */
function usePresence() {
  const { live } = useSession();
  useEffect(() => {
    const onSeen = () => {
      live.look();
      if (document.hidden) return;
      live.wake();
      live.markRead();
    };
    const act = () => live.presence.act();
    const wake = () => live.wake();
    const sleep = () => live.sleep();
    const acts = ['pointerdown', 'pointermove', 'keydown', 'wheel'];
    for (const kind of acts) addEventListener(kind, act, { passive: true });
    document.addEventListener('visibilitychange', onSeen);
    addEventListener('online', wake);
    addEventListener('pagehide', sleep);
    addEventListener('pageshow', wake);
    return () => {
      for (const kind of acts) removeEventListener(kind, act);
      document.removeEventListener('visibilitychange', onSeen);
      removeEventListener('online', wake);
      removeEventListener('pagehide', sleep);
      removeEventListener('pageshow', wake);
    };
  }, [live]);
}

export function Shell() {
  const { api, membership } = useSession();
  const website = useWebsite();
  const isConnected = useConnected();
  const unread = useUnread();
  const { enabled, ways } = useNotificationSettings();
  const isCounted = enabled && ways.includes('title');
  const { pathname } = useLocation();
  const [shown, setShown] = useState<'palette' | 'keys' | ''>('');
  const [, page = '', , token = ''] = pathname.split('/');
  usePresence();
  useEffect(() => {
    document.title = (unread && isCounted ? `(${unread}) ` : '') + `${website.name} – Fivechat`;
  }, [unread, isCounted, website.name]);
  const showPalette = () => setShown('palette');
  const showKeys = () => setShown('keys');
  const hide = () => setShown('');
  return (
    <CommandProvider>
      <div className={'shell ' + (page || 'home') + (token ? ' detail' : '')}>
        <nav className="rail" aria-label="Fivechat">
          <RailLink to="/" label="home" icon={<House aria-hidden="true" />} />
          <RailLink to="/inbox" label="inbox" icon={<Inbox aria-hidden="true" />} badge={unread} />
          <RailLink to="/tickets" label="tickets" icon={<Ticket aria-hidden="true" />} />
          <RailLink to="/visitors" label="visitors" icon={<Eye aria-hidden="true" />} />
          <RailLink to="/reports" label="reports" icon={<ChartNoAxesColumn aria-hidden="true" />} />
          <RailLink to="/settings/replies" label="cannedReplies" icon={<MessageSquareText aria-hidden="true" />} />
          {isAdmin(membership.role) && <RailLink to="/team" label="team" icon={<Users aria-hidden="true" />} />}
          <RailLink to="/settings" label="settings" icon={<Settings aria-hidden="true" />} />
          <span className="space" />
          <button
            type="button"
            className="icon"
            id="palette"
            title={t('palette') + ' (Ctrl K)'}
            aria-label={t('palette')}
            onClick={showPalette}
          >
            <Search aria-hidden="true" />
          </button>
          <PersonMenu showKeys={showKeys} />
        </nav>
        <Outlet />
        <Confirmation api={api} />
        <div className="connection" role="status" hidden={isConnected}>
          {isConnected ? '' : navigator.onLine ? t('reconnecting') : t('isOffline')}
        </div>
      </div>
      <GlobalCommands showPalette={showPalette} showKeys={showKeys} />
      <Palette isOpen={shown === 'palette'} close={hide} />
      <KeyHelp isOpen={shown === 'keys'} close={hide} />
    </CommandProvider>
  );
}
