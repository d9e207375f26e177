// What the pages of canned replies and macros have in common.
import { useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { usePages } from '../../api/hooks';
import { useSession } from '../../api/session';
import { t, type Key } from '../../texts';
import { Failure, Skeleton } from '../../ui/parts';
import { isSearchProblem, SearchField, SearchProblem } from '../../ui/SearchField';
import { useAction } from '../../ui/settings';
import { ShowMore } from '../../ui/ShowMore';
import { isAdmin } from '../team/roles';
import { SettingsTabs } from './SettingsTabs';

interface Item {
  id: number;
  shared: boolean;
  authorId: number | null;
}

interface ItemsProps<T extends Item> {
  /** kind is that of the event which reports a change. */
  kind: 'CANNED_REPLY' | 'MACRO';
  path: '/canned-replies' | '/macros';
  title: Key;
  hint: Key;
  create: Key;
  none: Key;
  hasSearch?: boolean;
  nameOf: (item: T) => string;
  /** row shows an item below its name. */
  row: (item: T) => ReactNode;
  /** form is the dialog in which an item is written. */
  form: (item: T | null, saved: () => Promise<unknown>, close: () => void) => ReactNode;
}

/** Items is a page with the items of a kind. Viewers only read; a person removes what they wrote, an admin everything. */
export function Items<T extends Item>(props: ItemsProps<T>) {
  const { api, membership, isWritable } = useSession();
  const queries = useQueryClient();
  const [search, setSearch] = useState('');
  const [open, setOpen] = useState<T | 'new' | null>(null);
  const [run, error] = useAction();
  const queryKey = ['workspace', props.kind, 'page', search];
  const read = usePages<T>(queryKey, props.path, search ? { search } : {});
  const load = () => queries.invalidateQueries({ queryKey: ['workspace', props.kind] });
  const canRemove = (item: T) => isWritable && (item.authorId === membership.userId || isAdmin(membership.role));
  const remove = (item: T) => {
    if (!confirm(t('removeQuestion', { name: props.nameOf(item) }))) return;
    run(() => api.call('DELETE', `${props.path}/${item.id}`).then(load));
  };
  return (
    <main className="page items">
      <header className="bar">
        <h1>{t(props.title)}</h1>
        {isWritable && (
          <button type="button" className="primary" id="new-item" onClick={() => setOpen('new')}>
            <Plus aria-hidden="true" />
            {t(props.create)}
          </button>
        )}
      </header>
      <SettingsTabs />
      <p className="dim">{t(props.hint)}</p>
      {props.hasSearch && <SearchField label={t('search')} text={search} change={(text) => setSearch(text.trim())} />}
      {isSearchProblem(read.error) && search ? (
        <SearchProblem error={read.error} />
      ) : read.error ? (
        <Failure error={read.error} retry={() => void read.refetch()} />
      ) : read.isPending ? (
        <Skeleton rows={3} />
      ) : (
        <>
          <ul className="list wide" id="items">
            {read.rows.map((item) => (
              <li key={item.id} className="bar row">
                <span className="what">
                  <b dir="auto">{props.nameOf(item)}</b>
                  {!item.shared && <span className="chip">{t('onlyYou')}</span>}
                  {props.row(item)}
                </span>
                {isWritable && (
                  <button type="button" className="button" onClick={() => setOpen(item)}>
                    {t('edit')}
                  </button>
                )}
                {canRemove(item) && (
                  <button type="button" className="button" onClick={() => remove(item)}>
                    {t('remove')}
                  </button>
                )}
              </li>
            ))}
          </ul>
          {!read.rows.length && <p className="dim">{t(search ? 'noneFound' : props.none)}</p>}
          <ShowMore read={read} />
        </>
      )}
      <p className="error" role="alert">
        {error}
      </p>
      {open && props.form(open === 'new' ? null : open, load, () => setOpen(null))}
    </main>
  );
}

/** Sharing asks whether a new item is shared. It can't be changed later. */
export function Sharing({ isNew }: { isNew: boolean }) {
  if (!isNew) return null;
  return (
    <label className="check">
      <input type="checkbox" name="shared" defaultChecked />
      {t('sharedWithTeam')}
    </label>
  );
}

/** variables are the names that a text may contain, for a hint. */
export const variables = ['visitor.name|…', 'agent.name', 'website.name'].map((name) => `{{${name}}}`).join(' ');

/** textOf returns a field of a form without blanks around it. */
export const textOf = (fields: FormData, name: string) => String(fields.get(name) ?? '').trim();
