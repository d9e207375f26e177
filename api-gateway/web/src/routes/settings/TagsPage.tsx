// The website's catalogue of tags, with their names in each language.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus, Tag as Icon } from 'lucide-react';
import { useState } from 'react';
import type { Tag, TagList } from '../../../../../libs/web/api';
import { ApiError, path } from '../../api/client';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { language, t } from '../../texts';
import { Field, FormDialog, Question } from '../../ui/Form';
import { Empty, Failure, Skeleton } from '../../ui/parts';
import { Rows } from '../widget/lists';
import { languages } from '../widget/settings';
import '../widget/widget.css';
import { textOf } from './items';
import { SettingsPage } from './SettingsPage';

const maxName = 64;
const maxNames = 100;

export function Page() {
  const { isWritable } = useSession();
  const [open, setOpen] = useState<Tag | 'new' | null>(null);
  const [asked, setAsked] = useState<Tag | null>(null);
  return (
    <SettingsPage
      at="/settings/tags"
      action={
        isWritable && (
          <button type="button" className="primary" id="new-item" onClick={() => setOpen('new')}>
            <Plus aria-hidden="true" />
            {t('newTag')}
          </button>
        )
      }
    >
      <p className="dim">{t('tagsAbout')}</p>
      <Tags edit={setOpen} remove={setAsked} />
      {open && <TagForm tag={open === 'new' ? null : open} close={() => setOpen(null)} />}
      {asked && <Removal tag={asked} close={() => setAsked(null)} />}
    </SettingsPage>
  );
}

function useCatalogue() {
  const { api } = useSession();
  return useQuery({
    queryKey: keys.tags,
    staleTime: 0, // no event says that it has changed
    queryFn: ({ signal }) => api.get<TagList>('/tags', signal),
  });
}

interface TagsProps {
  edit: (tag: Tag) => void;
  remove: (tag: Tag) => void;
}

function Tags({ edit, remove }: TagsProps) {
  const { isWritable } = useSession();
  const read = useCatalogue();
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Skeleton rows={3} />;
  if (!read.data.data.length) return <Empty icon={Icon}>{t('noTags')}</Empty>;
  return (
    <section className="settings">
      <ul className="list wide" id="items">
        {read.data.data.map((tag) => (
          <li key={tag.name} className="bar row">
            <span className="what">
              <b dir="auto">{tag.name}</b>
              <small dir="auto">
                {namesOf(tag)
                  .map(([code, name]) => `${languageName(code)}: ${name}`)
                  .join(' · ')}
              </small>
              <small>
                <Link
                  to="/inbox/$view"
                  params={{ view: 'all' }}
                  search={{ search: searchOf(tag.name) }}
                  className="link"
                >
                  {t('tagUses')}
                </Link>
              </small>
            </span>
            {isWritable && (
              <>
                <button type="button" className="button" onClick={() => edit(tag)}>
                  {t('edit')}
                </button>
                <button type="button" className="button" onClick={() => remove(tag)}>
                  {t('delete')}
                </button>
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

const namesOf = ({ names }: Tag) => Object.entries(names).sort(([a], [b]) => a.localeCompare(b));

const languageName = (code: string) => new Intl.DisplayNames([language], { type: 'language' }).of(code) ?? code;

/** searchOf is the search for the conversations with a tag. */
const searchOf = (name: string) => `tag:"${name.replaceAll('"', '')}"`;

interface TagFormProps {
  tag: Tag | null;
  close: () => void;
}

function TagForm({ tag, close }: TagFormProps) {
  const { api } = useSession();
  const queries = useQueryClient();
  const known = useCatalogue().data?.data ?? [];
  const [rows, setRows] = useState(() => (tag ? namesOf(tag) : []).map(([code, name]) => ({ code, name })));
  const codes = [...new Set([...languages, ...rows.map((row) => row.code)])];
  const save = async (fields: FormData) => {
    const stored = tag?.name ?? textOf(fields, 'name');
    if (!tag && known.some(({ name }) => name === stored)) {
      throw new ApiError(409, '', '', [{ field: 'name', message: t('tagExists') }]);
    }
    const names = Object.fromEntries(rows.map((row) => [row.code, row.name.trim()]));
    await api.call('PUT', path`/tags/${stored}`, { names });
    await queries.invalidateQueries({ queryKey: keys.tags });
  };
  return (
    <FormDialog title={tag ? t('editNamed', { name: tag.name }) : t('newTag')} close={close} save={save}>
      {(problemOf) => (
        <>
          {!tag && (
            <Field label={t('name')} problem={problemOf('name')} hint={t('tagNameHint')}>
              {(a) => <input name="name" required maxLength={maxName} dir="auto" {...a} />}
            </Field>
          )}
          <fieldset className="choices">
            <legend>{t('displayNames')}</legend>
            <Rows
              rows={rows}
              change={setRows}
              empty={{ code: codes.find((code) => !rows.some((row) => row.code === code)) ?? 'en', name: '' }}
              max={maxNames}
              add="addLanguage"
            >
              {(row, set) => (
                <>
                  <select
                    aria-label={t('language')}
                    value={row.code}
                    onChange={(e) => set({ ...row, code: e.target.value })}
                  >
                    {codes.map((code) => (
                      <option key={code} value={code}>
                        {languageName(code)}
                      </option>
                    ))}
                  </select>
                  <input
                    aria-label={t('name')}
                    required
                    maxLength={maxName}
                    dir="auto"
                    value={row.name}
                    onChange={(e) => set({ ...row, name: e.target.value })}
                  />
                </>
              )}
            </Rows>
          </fieldset>
        </>
      )}
    </FormDialog>
  );
}

function Removal({ tag: { name }, close }: { tag: Tag; close: () => void }) {
  const { api } = useSession();
  const queries = useQueryClient();
  const remove = async () => {
    await api.call('DELETE', path`/tags/${name}`);
    await queries.invalidateQueries({ queryKey: keys.tags });
  };
  return (
    <Question title={t('deleteNamed', { name })} action={t('delete')} run={remove} close={close}>
      {t('deleteTag')}
    </Question>
  );
}
