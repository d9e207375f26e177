// The inbox: the views, the list of conversations, and beside them the conversation of the address.
import { Link, Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import {
  AlarmClock,
  AtSign,
  Bookmark,
  ChevronDown,
  Clock,
  OctagonAlert,
  Timer,
  CircleUserRound,
  CircleDashed,
  Inbox,
  Archive,
  MessagesSquare,
} from 'lucide-react';
import { useEffect, type ComponentType } from 'react';
import { useFigures, type Figures } from '../../api/hooks';
import { t } from '../../texts';
import { useCommands } from '../../ui/commands';
import { Menu, MenuItem } from '../../ui/Menu';
import { Empty, Skeleton } from '../../ui/parts';
import { figure } from '../../ui/time';
import { ConversationList } from './ConversationList';
import { isSaved, pathOf, savedOf, viewName } from './saved';
import { SavedViews, TeamViews, useNamedViews } from './SavedViews';
import { keepView, viewOf, views, type ViewId } from './views';
import './inbox.css';

const icons: Record<ViewId, ComponentType<{ 'aria-hidden': 'true' }>> = {
  mine: CircleUserRound,
  unassigned: CircleDashed,
  all: Inbox,
  waiting: Clock,
  overdue: Timer,
  mentions: AtSign,
  snoozed: AlarmClock,
  closed: Archive,
  spam: OctagonAlert,
};

/** countOf returns the number beside a view. Closed conversations and spam are no work, and aren't counted. */
const countOf = (id: ViewId, figures: Figures | undefined): number | null | undefined =>
  figures &&
  {
    mine: figures.mine,
    unassigned: figures.unassigned,
    all: figures.open,
    waiting: figures.waiting,
    overdue: figures.overdue,
    mentions: null,
    snoozed: figures.snoozed,
    closed: null,
    spam: null,
  }[id];

function Count({ id }: { id: ViewId }) {
  const count = countOf(id, useFigures());
  return count ? <span className="count">{figure(count)}</span> : null;
}

function Views({ current }: { current: string }) {
  return (
    <nav className="views" aria-label={t('views')}>
      <h1>{t('inbox')}</h1>
      <ul>
        {views.map(({ id, label }) => {
          const Icon = icons[id];
          return (
            <li key={id}>
              <Link
                to="/inbox/$view"
                params={{ view: id }}
                aria-current={id === current ? 'page' : undefined}
                data-view={id}
              >
                <Icon aria-hidden="true" />
                <span>{t(label)}</span>
                <Count id={id} />
              </Link>
            </li>
          );
        })}
      </ul>
      <TeamViews current={current} />
      <SavedViews current={current} />
    </nav>
  );
}

/** ViewMenu chooses the view on a screen that is too narrow for the views beside the list. */
function ViewMenu({ current, label }: { current: string; label: string }) {
  const navigate = useNavigate();
  const { all: saved } = useNamedViews();
  return (
    <Menu
      trigger={
        <button type="button" className="view-menu">
          <span dir="auto">{label}</span>
          {!isSaved(current) && <Count id={viewOf(current).id} />}
          <ChevronDown aria-hidden="true" />
        </button>
      }
    >
      {views.map(({ id, label }) => (
        <MenuItem
          key={id}
          icon={icons[id] as never}
          hint={<Count id={id} />}
          choose={() => void navigate({ to: '/inbox/$view', params: { view: id } })}
        >
          {t(label)}
        </MenuItem>
      ))}
      {saved.map((v) => (
        <MenuItem
          key={v.id}
          icon={Bookmark}
          choose={() => void navigate({ to: '/inbox/$view', params: { view: pathOf(v) } })}
        >
          {v.name}
        </MenuItem>
      ))}
    </Menu>
  );
}

export function Page() {
  const { view: named, token = '' } = useParams({ strict: false });
  const { search = '' } = useSearch({ from: '/inbox/$view' });
  const current = viewName(named);
  const { id } = viewOf(named);
  const { all, isRead } = useNamedViews();
  const saved = savedOf(named, all);
  const label = saved?.name ?? t(viewOf(named).label);
  const navigate = useNavigate();
  useEffect(() => keepView(id), [id]);
  const isGone = isSaved(named) && isRead && !saved;
  useEffect(() => {
    if (isGone) void navigate({ to: '/inbox/$view', params: { view: id }, replace: true });
  }, [isGone]);
  useCommands(
    views.map((v, i) => ({
      id: 'view-' + v.id,
      label: t('showView', { view: t(v.label) }),
      keys: String(i + 1),
      run: () => void navigate({ to: '/inbox/$view', params: { view: v.id } }),
    })),
  );
  return (
    <>
      <Views current={current} />
      <section className="conversations" aria-label={label}>
        {isSaved(named) && !saved ? (
          <Skeleton rows={8} />
        ) : (
          <ConversationList
            view={current}
            openToken={token}
            search={search}
            head={<ViewMenu current={current} label={label} />}
          />
        )}
      </section>
      <Outlet />
    </>
  );
}

/** None is shown while no conversation is open. */
export function None() {
  return (
    <main className="talk none">
      <Empty icon={MessagesSquare}>
        {t('pick')}
        <br />
        <small>{t('pickHint')}</small>
      </Empty>
    </main>
  );
}
