// The macros of the team, and the person's own.
import type { Macro, MacroActions } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { useTeams, useUsers } from '../../api/hooks';
import { useSession } from '../../api/session';
import { t, tEnum } from '../../texts';
import { Field, FormDialog } from '../../ui/Form';
import { Items, Sharing, textOf, variables } from './items';

const minutesPerHour = 60;

export function Page() {
  return (
    <Items<Macro>
      kind="MACRO"
      path="/macros"
      title="macros"
      hint="macrosHint"
      create="newMacro"
      none="noMacros"
      nameOf={(macro) => macro.name}
      row={({ actions }) => <small dir="auto">{actions.reply}</small>}
      form={(macro, saved, close) => <MacroForm macro={macro} saved={saved} close={close} />}
    />
  );
}

/** tagsOf returns the names in a text with commas between. */
const tagsOf = (text: string) =>
  text
    .split(',')
    .map((tag) => tag.trim())
    .filter(Boolean);

/** actionsOf returns the actions of a form. What is empty does nothing. */
function actionsOf(fields: FormData): MacroActions {
  const [reply, status, assigneeId, teamId] = ['reply', 'status', 'assigneeId', 'teamId'].map((name) =>
    textOf(fields, name),
  );
  const [addTags, removeTags] = ['addTags', 'removeTags'].map((name) => tagsOf(textOf(fields, name)));
  const hours = Number(fields.get('snoozeHours'));
  return {
    ...(reply && { reply }),
    ...(status && { status: status as MacroActions['status'] }),
    ...(assigneeId && { assigneeId }),
    ...(teamId && { teamId }),
    ...(addTags?.length && { addTags }),
    ...(removeTags?.length && { removeTags }),
    ...(hours && { snoozeMinutes: Math.round(hours * minutesPerHour) }),
  };
}

interface MacroFormProps {
  macro: Macro | null;
  saved: () => Promise<unknown>;
  close: () => void;
}

function MacroForm({ macro, saved, close }: MacroFormProps) {
  const { api } = useSession();
  const save = async (fields: FormData) => {
    const body = { name: textOf(fields, 'name'), actions: actionsOf(fields) };
    if (macro) await api.call('PATCH', path`/macros/${macro.id}`, body);
    else await api.call('POST', '/macros', { ...body, shared: fields.has('shared') });
    await saved();
  };
  return (
    <FormDialog title={macro ? t('editNamed', { name: macro.name }) : t('newMacro')} close={close} save={save}>
      {(problemOf) => (
        <>
          <Field label={t('name')} problem={problemOf('name')}>
            {(a) => <input name="name" required maxLength={200} defaultValue={macro?.name} dir="auto" {...a} />}
          </Field>
          <Actions actions={macro?.actions ?? {}} problemOf={(name) => problemOf('actions.' + name)} />
          <Sharing isNew={!macro} />
        </>
      )}
    </FormDialog>
  );
}

function Actions({ actions, problemOf }: { actions: MacroActions; problemOf: (name: string) => string }) {
  const users = useUsers();
  const teams = useTeams();
  const hours = actions.snoozeMinutes && actions.snoozeMinutes / minutesPerHour;
  return (
    <>
      <Field label={t('reply')} problem={problemOf('reply')} hint={t('variablesHint', { names: variables })}>
        {(a) => <textarea name="reply" rows={4} maxLength={16384} defaultValue={actions.reply} dir="auto" {...a} />}
      </Field>
      <Field label={t('status')} problem={problemOf('status')}>
        {(a) => (
          <select name="status" defaultValue={actions.status ?? ''} {...a}>
            <option value="">{t('noChange')}</option>
            <option value="OPEN">{tEnum('status', 'OPEN')}</option>
            <option value="CLOSED">{tEnum('status', 'CLOSED')}</option>
          </select>
        )}
      </Field>
      <Field label={t('assignee')} problem={problemOf('assigneeId')}>
        {(a) => (
          <select name="assigneeId" defaultValue={actions.assigneeId ?? ''} {...a}>
            <option value="">{t('noChange')}</option>
            <option value="me">{t('whoApplies')}</option>
            <option value="none">{t('noAssignee')}</option>
            {users.map((u) => (
              <option key={u.id} value={u.id}>
                {u.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('teamOf')} problem={problemOf('teamId')}>
        {(a) => (
          <select key={teams.length} name="teamId" defaultValue={actions.teamId ?? ''} {...a}>
            <option value="">{t('noChange')}</option>
            <option value="none">{t('noTeam')}</option>
            {teams.map((team) => (
              <option key={team.id} value={team.id}>
                {team.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('addTags')} problem={problemOf('addTags')} hint={t('commasHint')}>
        {(a) => <input name="addTags" defaultValue={actions.addTags?.join(', ')} {...a} />}
      </Field>
      <Field label={t('removeTags')} problem={problemOf('removeTags')} hint={t('commasHint')}>
        {(a) => <input name="removeTags" defaultValue={actions.removeTags?.join(', ')} {...a} />}
      </Field>
      <Field label={t('snoozeHours')} problem={problemOf('snoozeMinutes')}>
        {(a) => (
          <input name="snoozeHours" type="number" min={0.25} max={8784} step={0.25} defaultValue={hours} {...a} />
        )}
      </Field>
    </>
  );
}
