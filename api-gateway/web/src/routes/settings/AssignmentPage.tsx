// Settings for assignment: whether a rule assigns new conversations.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import type { Assignment } from '../../../../../libs/web/api';
import { useSession } from '../../api/session';
import { t, tEnum } from '../../texts';
import { Field } from '../../ui/Form';
import { Loaded } from '../../ui/parts';
import { Section, useAction } from '../../ui/settings';
import { useToasts } from '../../ui/toasts';
import { NotFound } from '../NotFound';
import { isAdmin } from '../team/roles';
import { SettingsTabs } from './SettingsTabs';

const queryKey = ['assignment'];
const modes: Assignment['mode'][] = ['manual', 'roundRobin', 'leastBusy'];
const maxCapacity = 100;

export function Page() {
  const { api, membership } = useSession();
  const isAllowed = isAdmin(membership.role);
  const read = useQuery({
    queryKey,
    enabled: isAllowed,
    staleTime: 0,
    queryFn: () => api.get<Assignment>('/assignment'),
  });
  if (!isAllowed) return <NotFound />;
  return (
    <main className="page">
      <h1>{t('assignment')}</h1>
      <SettingsTabs />
      <Section title={t('newConversations')}>
        <p className="dim">{t('assignmentHint')}</p>
        <Loaded read={read} rows={2}>
          {(rule) => <Rule key={JSON.stringify(rule)} {...rule} />}
        </Loaded>
      </Section>
    </main>
  );
}

function Rule({ mode, capacity }: Assignment) {
  const { api } = useSession();
  const queries = useQueryClient();
  const toasts = useToasts();
  const [run, error] = useAction();
  const save = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const fields = new FormData(e.currentTarget);
    const rule = { mode: fields.get('mode'), capacity: Number(fields.get('capacity')) };
    run(async () => {
      queries.setQueryData(queryKey, await api.call<Assignment>('PUT', '/assignment', rule));
      toasts.done(t('saved'));
    });
  };
  return (
    <form className="stack" id="assignment" onSubmit={save}>
      {modes.map((m) => (
        <label key={m} className="check">
          <input type="radio" name="mode" value={m} defaultChecked={m === mode} />
          {tEnum('assignment', m)}
        </label>
      ))}
      <Field label={t('capacity')} hint={t('capacityHint')}>
        {(attributes) => (
          <input
            name="capacity"
            type="number"
            required
            min={1}
            max={maxCapacity}
            defaultValue={capacity}
            {...attributes}
          />
        )}
      </Field>
      <p className="error" role="alert">
        {error}
      </p>
      <p className="buttons">
        <button className="primary">{t('save')}</button>
      </p>
    </form>
  );
}
