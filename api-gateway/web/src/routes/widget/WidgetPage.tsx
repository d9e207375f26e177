// The settings of the widget with a live preview. A save states the version that it changes: if another person has
// saved meanwhile, this one decides.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import type { Widget, WidgetPatch } from '../../../../../libs/web/api';
import { ApiError, path, type Tagged } from '../../api/client';
import { useWebsite } from '../../api/hooks';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { explain, Failure, Skeleton } from '../../ui/parts';
import { useToasts } from '../../ui/toasts';
import { NotFound } from '../NotFound';
import { SettingsTabs } from '../settings/SettingsTabs';
import { isAdmin } from '../team/roles';
import { PreviewFrame } from './PreviewFrame';
import { changedMembers, pick, type Member } from './settings';
import { labels, WidgetForm } from './WidgetForm';
import './widget.css';

const queryKey = ['widget'];

export function Page() {
  const { api, membership } = useSession();
  const website = useWebsite();
  const isAllowed = isAdmin(membership.role);
  const read = useQuery({
    queryKey,
    enabled: isAllowed,
    staleTime: 0,
    refetchOnWindowFocus: false, // a form is open
    queryFn: ({ signal }) =>
      api.callTagged<Widget>('GET', path`/widgets/${website.clientToken}`, undefined, { signal, isFresh: true }),
  });
  if (!isAllowed) return <NotFound />;
  return (
    <main className="page widget-page">
      <h1>{t('widget')}</h1>
      <SettingsTabs />
      {read.error ? (
        <Failure error={read.error} retry={() => void read.refetch()} />
      ) : !read.data || read.isFetching ? (
        <Skeleton rows={6} />
      ) : (
        <Designer stored={read.data} agent={membership.websiteName} />
      )}
    </main>
  );
}

/** reveal opens the group of a field that the browser complains about. */
function reveal(e: FormEvent) {
  const group = (e.target as Element).closest('details');
  if (group) group.open = true;
}

/** Conflict is a save that another one has overtaken. */
interface Conflict {
  patch: WidgetPatch;
  theirs: Tagged<Widget>;
  /** members are the settings that the other save has changed. */
  members: Member[];
}

/** useDesign keeps what is stored and what the form has, and saves. */
function useDesign(stored: Tagged<Widget>) {
  const { api } = useSession();
  const queries = useQueryClient();
  const toasts = useToasts();
  const [base, setBase] = useState(stored);
  const [widget, setWidget] = useState(stored.value);
  const [undo, setUndo] = useState<WidgetPatch | null>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const at = path`/widgets/${stored.value.websiteClientToken}`;

  const take = (next: Tagged<Widget>) => {
    setBase(next);
    setWidget(next.value);
    queries.setQueryData(queryKey, next);
  };
  const fail = async (err: unknown, patch: WidgetPatch) => {
    if (!(err instanceof ApiError) || err.status !== 412) return setError(err);
    const theirs = await api.callTagged<Widget>('GET', at, undefined, { isFresh: true });
    setConflict({ patch, theirs, members: changedMembers(base.value, theirs.value) });
  };
  /** send stores a patch on top of a version. */
  const send = async (patch: WidgetPatch, on: Tagged<Widget>) => {
    setBusy(true);
    setError(null);
    setConflict(null);
    try {
      const next = await api.callTagged<Widget>('PATCH', at, patch, { tag: on.tag });
      setUndo(pick(on.value, Object.keys(patch) as Member[]));
      take(next);
      toasts.done(t('saved'));
    } catch (err) {
      await fail(err, patch).catch(setError);
    }
    setBusy(false);
  };
  const changed = changedMembers(base.value, widget);
  return {
    widget,
    changed,
    conflict,
    error,
    isBusy,
    change: (members: Partial<Widget>) => setWidget((w) => ({ ...w, ...members })),
    save: () => send(pick(widget, changed), base),
    undo: undo && !changed.length ? () => send(undo, base) : null,
    discard: () => setWidget(base.value),
    insist: () => conflict && send(conflict.patch, conflict.theirs),
    yield: () => {
      if (!conflict) return;
      setUndo(null);
      setConflict(null);
      take(conflict.theirs);
    },
  };
}

type Design = ReturnType<typeof useDesign>;

function Overtaken({ design, conflict }: { design: Design; conflict: Conflict }) {
  return (
    <div className="warning" role="alert" id="conflict">
      <strong>{t('settingsConflict')}</strong>
      <p>{t('changedByOther', { names: conflict.members.map((name) => t(labels[name])).join(', ') })}</p>
      <p className="buttons">
        <button type="button" className="primary" onClick={design.insist}>
          {t('saveMine')}
        </button>
        <button type="button" className="button" onClick={design.yield}>
          {t('takeTheirs')}
        </button>
      </p>
    </div>
  );
}

function Designer({ stored, agent }: { stored: Tagged<Widget>; agent: string }) {
  const design = useDesign(stored);
  const { widget, changed, conflict, error, isBusy } = design;
  const isChanged = !!changed.length;
  useBlocker({ shouldBlockFn: () => isChanged && !confirm(t('discardQuestion')), enableBeforeUnload: () => isChanged });
  const problems = new Map(error instanceof ApiError ? error.fields.map((f) => [f.field, f.message]) : []);
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    void design.save();
  };
  return (
    <div className="designer">
      <form onSubmit={submit} onInvalidCapture={reveal} id="widget">
        <WidgetForm widget={widget} change={design.change} problemOf={(name) => problems.get(name) ?? ''} />
        {conflict && <Overtaken design={design} conflict={conflict} />}
        <p className="error" role="alert">
          {error ? explain(error) : ''}
        </p>
        <p className="buttons save">
          <button className="primary" disabled={!isChanged || isBusy || !!conflict}>
            {t('save')}
          </button>
          {isChanged && (
            <button type="button" className="button" onClick={design.discard}>
              {t('discard')}
            </button>
          )}
          {design.undo && (
            <button type="button" className="button" id="undo-save" disabled={isBusy} onClick={design.undo}>
              {t('undoSave')}
            </button>
          )}
        </p>
      </form>
      <PreviewFrame settings={widget} agent={agent} />
    </div>
  );
}
