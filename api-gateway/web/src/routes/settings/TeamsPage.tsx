// Teams: groups of the website's agents.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import type { Team } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { teamsQuery, useUsers } from '../../api/hooks';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Field, FormDialog } from '../../ui/Form';
import { Loaded } from '../../ui/parts';
import { useAction } from '../../ui/settings';
import { textOf } from './items';
import { mayOpen } from './pages';
import { SettingsPage } from './SettingsPage';

export function Page() {
  const { api, membership } = useSession();
  const queries = useQueryClient();
  const isAllowed = mayOpen('/settings/teams', membership.role);
  const read = useQuery({ ...teamsQuery(api), enabled: isAllowed });
  const [open, setOpen] = useState<Team | 'new' | null>(null);
  const [run, error] = useAction();
  const load = () => queries.invalidateQueries({ queryKey: keys.teams });
  const remove = (team: Team) => {
    if (!confirm(t('removeQuestion', { name: team.name }))) return;
    run(() => api.call('DELETE', path`/teams/${team.id}`).then(load));
  };
  return (
    <SettingsPage
      at="/settings/teams"
      action={
        <button type="button" className="primary" id="new-item" onClick={() => setOpen('new')}>
          <Plus aria-hidden="true" />
          {t('newTeam')}
        </button>
      }
    >
      <p className="dim">{t('teamsHint')}</p>
      <Loaded read={read} rows={3}>
        {(teams) =>
          teams.length ? (
            <TeamList teams={teams} edit={setOpen} remove={remove} />
          ) : (
            <p className="dim">{t('noTeams')}</p>
          )
        }
      </Loaded>
      <p className="error" role="alert">
        {error}
      </p>
      {open && <TeamForm team={open === 'new' ? null : open} saved={load} close={() => setOpen(null)} />}
    </SettingsPage>
  );
}

interface TeamListProps {
  teams: Team[];
  edit: (team: Team) => void;
  remove: (team: Team) => void;
}

function TeamList({ teams, edit, remove }: TeamListProps) {
  return (
    <ul className="list wide items" id="items">
      {teams.map((team) => (
        <li key={team.id} className="bar row">
          <span className="what">
            <b dir="auto">{team.name}</b>
            <small>{t('memberCount', { count: team.members.length })}</small>
          </span>
          <button type="button" className="button" onClick={() => edit(team)}>
            {t('edit')}
          </button>
          <button type="button" className="button" onClick={() => remove(team)}>
            {t('remove')}
          </button>
        </li>
      ))}
    </ul>
  );
}

interface TeamFormProps {
  team: Team | null;
  saved: () => Promise<unknown>;
  close: () => void;
}

function TeamForm({ team, saved, close }: TeamFormProps) {
  const { api } = useSession();
  const users = useUsers();
  const save = async (fields: FormData) => {
    const body = { name: textOf(fields, 'name'), members: fields.getAll('members').map(Number) };
    if (team) await api.call('PATCH', path`/teams/${team.id}`, body);
    else await api.call('POST', '/teams', body);
    await saved();
  };
  return (
    <FormDialog title={team ? t('editNamed', { name: team.name }) : t('newTeam')} close={close} save={save}>
      {(problemOf) => (
        <>
          <Field label={t('name')} problem={problemOf('name')}>
            {(a) => (
              <input name="name" required maxLength={100} defaultValue={team?.name} autoFocus dir="auto" {...a} />
            )}
          </Field>
          <fieldset className="stack">
            <legend>{t('members')}</legend>
            {users.map(({ id, name }) => (
              <label key={id} className="check">
                <input type="checkbox" name="members" value={id} defaultChecked={team?.members.includes(id)} />
                {name}
              </label>
            ))}
          </fieldset>
          <p className="error" role="alert">
            {problemOf('members')}
          </p>
        </>
      )}
    </FormDialog>
  );
}
