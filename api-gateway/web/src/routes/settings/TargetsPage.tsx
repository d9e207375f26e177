// Settings for targets: how fast visitors should get an answer.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import type { Targets } from '../../../../../libs/web/api';
import { useSession } from '../../api/session';
import { t, type Key } from '../../texts';
import { Field } from '../../ui/Form';
import { Loaded } from '../../ui/parts';
import { Section, useAction } from '../../ui/settings';
import { useToasts } from '../../ui/toasts';
import { SettingsPage } from './SettingsPage';

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
  return (
    <SettingsPage at="/settings/targets">
      <View />
    </SettingsPage>
  );
}

function View() {
  const { api } = useSession();
  const read = useQuery({ queryKey, staleTime: 0, queryFn: () => api.get<Targets>('/targets') });
  return (
    <Section title={t('targetsAbout')}>
      <p className="dim">{t('targetsHint')}</p>
      <Loaded read={read} rows={3}>
        {(targets) => <TargetsForm key={JSON.stringify(targets)} {...targets} />}
      </Loaded>
    </Section>
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
