// Settings for targets: how fast visitors should get an answer.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import type { Targets } from '../../../../../libs/web/api';
import { useSession } from '../../api/session';
import { t, type Key } from '../../texts';
import { Field } from '../../ui/Form';
import { Failure, Skeleton } from '../../ui/parts';
import { Section, useAction } from '../../ui/settings';
import { useToasts } from '../../ui/toasts';
import { NotFound } from '../NotFound';
import { isAdmin } from '../team/roles';
import { SettingsTabs } from './SettingsTabs';

const queryKey = ['targets'];
const maxMinutes = 30 * 24 * 60;

type Minutes = Exclude<keyof Targets, 'businessHours'>;
const labels: Record<Minutes, Key> = {
  firstResponseMinutes: 'firstResponseTarget',
  nextResponseMinutes: 'nextResponseTarget',
  resolutionMinutes: 'resolutionTarget',
};
const names = Object.keys(labels) as Minutes[];

export function Page() {
  const { api, membership } = useSession();
  const isAllowed = isAdmin(membership.role);
  const read = useQuery({
    queryKey,
    enabled: isAllowed,
    staleTime: 0,
    queryFn: () => api.get<Targets>('/targets'),
  });
  if (!isAllowed) return <NotFound />;
  return (
    <main className="page">
      <h1>{t('targets')}</h1>
      <SettingsTabs />
      <Section title={t('targetsAbout')}>
        <p className="dim">{t('targetsHint')}</p>
        {read.error ? (
          <Failure error={read.error} retry={() => void read.refetch()} />
        ) : !read.data ? (
          <Skeleton rows={3} />
        ) : (
          <TargetsForm key={JSON.stringify(read.data)} {...read.data} />
        )}
      </Section>
    </main>
  );
}

function TargetsForm(targets: Targets) {
  const { api } = useSession();
  const queries = useQueryClient();
  const toasts = useToasts();
  const [run, error] = useAction();
  const save = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const fields = new FormData(e.currentTarget);
    const minutes = names.map((name) => [name, Number(fields.get(name)) || null]);
    const next = { ...Object.fromEntries(minutes), businessHours: fields.has('businessHours') };
    run(async () => {
      queries.setQueryData(queryKey, await api.call<Targets>('PUT', '/targets', next));
      toasts.done(t('saved'));
    });
  };
  return (
    <form className="stack" id="targets" onSubmit={save}>
      {names.map((name) => (
        <Field key={name} label={t(labels[name])} hint={t('targetHint')}>
          {(attributes) => (
            <input
              name={name}
              type="number"
              min={1}
              max={maxMinutes}
              defaultValue={targets[name] ?? ''}
              {...attributes}
            />
          )}
        </Field>
      ))}
      <label className="check">
        <input type="checkbox" name="businessHours" defaultChecked={targets.businessHours} />
        {t('inBusinessHours')}
      </label>
      <p className="error" role="alert">
        {error}
      </p>
      <p className="buttons">
        <button className="primary">{t('save')}</button>
      </p>
    </form>
  );
}
