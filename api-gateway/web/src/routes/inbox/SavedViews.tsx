// The saved views below the others, and the dialog in which what is shown becomes one.
import { Link, useNavigate } from '@tanstack/react-router';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Bookmark, BookmarkPlus, ChevronUp, Ellipsis, Pencil, Trash2, Users, type LucideIcon } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { SavedView } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { teamsQuery } from '../../api/hooks';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { useSavedViews } from '../../api/workspace';
import { t } from '../../texts';
import { useCommands } from '../../ui/commands';
import { Field, FormDialog } from '../../ui/Form';
import { Menu, MenuItem } from '../../ui/Menu';
import { IconButton } from '../../ui/parts';
import { useToasts } from '../../ui/toasts';
import { isAdmin } from '../team/roles';
import { filterOf, moved, pathOf, teamView, type NamedView } from './saved';
import type { Sort } from './views';

const maxPosition = 1000;

/** useReload returns the function that reads the saved views again. */
function useReload() {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: keys.savedViews });
}

/** useNamedViews returns the views of teams, and all of those and the saved ones, and whether they have been read. */
export function useNamedViews(): { teams: NamedView[]; all: NamedView[]; isRead: boolean } {
  const { views, isRead } = useSavedViews();
  const { api } = useSession();
  const read = useQuery(teamsQuery(api));
  const teams = (read.data ?? []).map(teamView);
  return { teams, all: [...teams, ...views], isRead: isRead && !!read.data };
}

interface ViewListProps<V> {
  label: string;
  id: string; // of the element
  views: V[];
  current: string;
  Icon: LucideIcon;
  children?: (view: V) => ReactNode; // beside the link
}

/** ViewList links to views, which are commands, too. */
function ViewList<V extends NamedView>({ label, id, views, current, Icon, children }: ViewListProps<V>) {
  const navigate = useNavigate();
  useCommands(
    views.map((v) => ({
      id: 'view-' + pathOf(v),
      label: t('showView', { view: v.name }),
      run: () => void navigate({ to: '/inbox/$view', params: { view: pathOf(v) } }),
    })),
  );
  if (!views.length) return null;
  return (
    <>
      <h2>{label}</h2>
      <ul id={id}>
        {views.map((view) => (
          <li key={view.id}>
            <Link
              to="/inbox/$view"
              params={{ view: pathOf(view) }}
              aria-current={pathOf(view) === current ? 'page' : undefined}
            >
              <Icon aria-hidden="true" />
              <span dir="auto">{view.name}</span>
            </Link>
            {children?.(view)}
          </li>
        ))}
      </ul>
    </>
  );
}

/** TeamViews lists the views of the website's teams. */
export function TeamViews({ current }: { current: string }) {
  const { teams } = useNamedViews();
  return <ViewList label={t('teams')} id="team-views" views={teams} current={current} Icon={Users} />;
}

/** SavedViews lists the saved views of the team, and the agent's own. */
export function SavedViews({ current }: { current: string }) {
  const { views } = useSavedViews();
  const { isWritable } = useSession();
  const [renamed, setRenamed] = useState<SavedView | null>(null);
  return (
    <>
      <ViewList label={t('savedViews')} id="saved-views" views={views} current={current} Icon={Bookmark}>
        {(view) => isWritable && <ViewActions view={view} views={views} rename={() => setRenamed(view)} />}
      </ViewList>
      {renamed && <RenameView view={renamed} close={() => setRenamed(null)} />}
    </>
  );
}

interface ActionsProps {
  view: SavedView;
  views: readonly SavedView[];
  rename: () => void;
}

/** ViewActions renames, moves and removes a view. A person removes what they wrote, an admin everything. */
function ViewActions({ view, views, rename }: ActionsProps) {
  const { api, membership } = useSession();
  const toasts = useToasts();
  const reload = useReload();
  const canRemove = view.authorId === membership.userId || isAdmin(membership.role);
  const run = (request: Promise<unknown>) => void request.catch(toasts.fail).finally(reload);
  const move = async () => {
    for (const [id, position] of moved(views, view)) await api.call('PATCH', path`/views/${id}`, { position });
  };
  const remove = () => {
    if (confirm(t('removeQuestion', { name: view.name }))) run(api.call('DELETE', path`/views/${view.id}`));
  };
  return (
    <Menu trigger={<IconButton icon={Ellipsis} label={t('moreOf', { name: view.name })} className="small" />}>
      <MenuItem icon={Pencil} choose={rename}>
        {t('edit')}
      </MenuItem>
      <MenuItem icon={ChevronUp} choose={() => run(move())} isDisabled={view === views[0]}>
        {t('moveUp')}
      </MenuItem>
      {canRemove && (
        <MenuItem icon={Trash2} choose={remove}>
          {t('remove')}
        </MenuItem>
      )}
    </Menu>
  );
}

function RenameView({ view, close }: { view: SavedView; close: () => void }) {
  const { api } = useSession();
  const reload = useReload();
  const save = async (fields: FormData) => {
    await api.call('PATCH', path`/views/${view.id}`, { name: fields.get('name') });
    await reload();
  };
  return (
    <FormDialog title={t('renameNamed', { name: view.name })} close={close} save={save}>
      {(problemOf) => <NameField name={view.name} problem={problemOf('name')} />}
    </FormDialog>
  );
}

const NameField = ({ name, problem }: { name?: string; problem: string }) => (
  <Field label={t('name')} problem={problem}>
    {(a) => <input name="name" required maxLength={200} defaultValue={name} autoFocus dir="auto" {...a} />}
  </Field>
);

interface SaveProps {
  view: string;
  search: string;
  sort: Sort;
}

/** SaveView saves what is shown as a view: the search, or the view with its order. */
export function SaveView({ view, search, sort }: SaveProps) {
  const { api, membership, isWritable } = useSession();
  const { views } = useSavedViews();
  const navigate = useNavigate();
  const reload = useReload();
  const [isOpen, setOpen] = useState(false);
  if (!isWritable) return null;
  const save = async (fields: FormData) => {
    const made = await api.call<SavedView>('POST', '/views', {
      name: fields.get('name'),
      filter: filterOf(view, search, membership.userId),
      sort: search ? 'newest' : sort,
      position: Math.min(maxPosition, Math.max(-1, ...views.map((v) => v.position)) + 1),
      shared: fields.has('shared'),
    });
    await reload();
    void navigate({ to: '/inbox/$view', params: { view: pathOf(made) } });
  };
  return (
    <>
      <IconButton icon={BookmarkPlus} label={t('saveView')} id="save-view" onClick={() => setOpen(true)} />
      {isOpen && (
        <FormDialog title={t('saveView')} close={() => setOpen(false)} save={save}>
          {(problemOf) => (
            <>
              <NameField name={search} problem={problemOf('name')} />
              {problemOf('filter.search') && <p className="error">{problemOf('filter.search')}</p>}
              <label className="check">
                <input type="checkbox" name="shared" />
                {t('sharedWithTeam')}
              </label>
            </>
          )}
        </FormDialog>
      )}
    </>
  );
}
