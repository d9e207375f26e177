// The website's team, for admins: members and invitations.
import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { path } from '../../api/client';
import { usePages } from '../../api/hooks';
import { useSession } from '../../api/session';
import { t, tEnum } from '../../texts';
import { Failure, Skeleton } from '../../ui/parts';
import { ShowMore } from '../../ui/ShowMore';
import { Secret, Section, useAction } from '../../ui/settings';
import { moment } from '../../ui/time';
import { NotFound } from '../NotFound';
import { SettingsTabs } from '../settings/SettingsTabs';
import { isAdmin, type Role } from './roles';
import type { CreatedInvitation, Invitation, Member } from '../../../../../libs/web/api';

const roles: Role[] = ['viewer', 'agent', 'admin', 'owner'];

function RoleSelect({ value, own, change }: { value: Role; own: Role; change?: (role: Role) => void }) {
  return (
    <select
      name="role"
      {...(change ? { value } : { defaultValue: value })}
      aria-label={t('role')}
      disabled={value === 'owner' && own !== 'owner'}
      onChange={(e) => change?.(e.currentTarget.value as Role)}
    >
      {roles.map((r) => (
        <option key={r} value={r} disabled={r === 'owner' && own !== 'owner'}>
          {tEnum('role', r)}
        </option>
      ))}
    </select>
  );
}

export function Page() {
  const { membership } = useSession();
  if (!isAdmin(membership.role)) return <NotFound />;
  return (
    <main className="page">
      <h1>{t('team')}</h1>
      <SettingsTabs />
      <Members />
      <Invitations />
    </main>
  );
}

/** useTeamList reads a list of the team, each time that it is shown. load reads it again. */
function useTeamList<T>(name: string) {
  const queries = useQueryClient();
  const queryKey = ['team', name];
  const read = usePages<T>(queryKey, '/' + name, {}, { isFresh: true });
  return { ...read, load: () => queries.invalidateQueries({ queryKey }) };
}

/** More is what is below the rows of a list: that it is being read, why it can't be, and the rest of it. */
function More({ read }: { read: ReturnType<typeof useTeamList<unknown>> }) {
  if (read.isPending) return <Skeleton rows={2} />;
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  return <ShowMore read={read} />;
}

function Members() {
  const { api, membership: own } = useSession();
  const read = useTeamList<Member>('members');
  const { rows: list, load } = read;
  const [run, error] = useAction();
  return (
    <Section title={t('members')}>
      <p className="error" role="alert">
        {error}
      </p>
      <ul className="list wide" id="members">
        {list.map((m) => (
          <li key={m.id} className="bar row">
            <span className="what">
              {m.user.name}
              <small className="block">{m.user.email}</small>
            </span>
            <RoleSelect
              value={m.role}
              own={own.role}
              change={(role) => run(() => api.call('PATCH', path`/members/${m.id}`, { role }).finally(load))}
            />
            <button
              type="button"
              className="button"
              disabled={m.role === 'owner' && own.role !== 'owner'}
              onClick={() => {
                if (confirm(t('removeMember', { name: m.user.name }))) {
                  run(() => api.call('DELETE', path`/members/${m.id}`).then(load));
                }
              }}
            >
              {t('remove')}
            </button>
          </li>
        ))}
      </ul>
      <More read={read} />
    </Section>
  );
}

function Invitations() {
  const { api, membership: own } = useSession();
  const read = useTeamList<Invitation>('invitations');
  const { rows: list, load } = read;
  const [link, setLink] = useState('');
  const [run, error] = useAction();
  const invite = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const form = e.currentTarget;
    run(async () => {
      const body = Object.fromEntries(new FormData(form));
      setLink(location.origin + (await api.call<CreatedInvitation>('POST', '/invitations', body)).path);
      form.reset();
      await load();
    });
  };
  return (
    <Section title={t('invitations')}>
      <p className="error" role="alert">
        {error}
      </p>
      <form className="add" id="invite" onSubmit={invite}>
        <input name="email" type="email" required placeholder={t('email')} aria-label={t('email')} />
        <RoleSelect value="agent" own={own.role} />
        <button className="primary">{t('invite')}</button>
      </form>
      {link && <Secret label={t('sendLink')} text={link} />}
      <ul className="list wide">
        {list.map((i) => (
          <li key={i.id} className="bar row">
            <span className="what">
              {i.email}
              <small className="block">
                {tEnum('role', i.role)} · {t('expires')} {moment(i.expiresAt)}
              </small>
            </span>
            <button
              type="button"
              className="button"
              onClick={() => run(() => api.call('DELETE', path`/invitations/${i.id}`).then(load))}
            >
              {t('remove')}
            </button>
          </li>
        ))}
      </ul>
      <More read={read} />
    </Section>
  );
}
