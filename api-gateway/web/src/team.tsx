// The website's team, for admins: members, invitations and API tokens.
import { useEffect, useState } from 'preact/hooks';
import { Secret, Section, useAction } from './account';
import { path } from './api';
import { moment } from './parts';
import type { Store } from './store';
import { texts } from './texts';
import type {
  CreatedInvitation,
  CreatedToken,
  InvitationPage,
  Member,
  MemberPage,
  Membership,
  TokenPage,
} from '../../../libs/web/api';

type Role = Membership['role'];

const roles: Role[] = ['viewer', 'agent', 'admin', 'owner'];

/** isAdmin reports whether a role may set up the website. */
export const isAdmin = (role: Role) => role === 'admin' || role === 'owner';

function RoleSelect({ value, own, change }: { value: Role; own: Role; change?: (role: Role) => void }) {
  return (
    <select
      name="role"
      aria-label={texts.role}
      disabled={value === 'owner' && own !== 'owner'}
      onChange={(e) => change?.(e.currentTarget.value as Role)}
    >
      {roles.map((r) => (
        <option key={r} value={r} selected={r === value} disabled={r === 'owner' && own !== 'owner'}>
          {texts[r]}
        </option>
      ))}
    </select>
  );
}

export function Team({ store, membership }: { store: Store; membership: Membership }) {
  return (
    <main class="page">
      <h1>{texts.team}</h1>
      <Members store={store} own={membership} />
      <Invitations store={store} own={membership} />
      <Tokens store={store} />
    </main>
  );
}

function Members({ store, own }: { store: Store; own: Membership }) {
  const [list, setList] = useState<Member[]>([]);
  const [run, error] = useAction();
  const load = () => store.api.get<MemberPage>('/members?limit=100').then((p) => setList(p.data));
  useEffect(() => run(load), []);
  return (
    <Section title={texts.members}>
      <p class="error" role="alert">
        {error}
      </p>
      <ul class="list wide" id="members">
        {list.map((m) => (
          <li key={m.id} class="bar row">
            <span class="what">
              {m.user.name}
              <small class="block">{m.user.email}</small>
            </span>
            <RoleSelect
              value={m.role}
              own={own.role}
              change={(role) => run(() => store.api.call('PATCH', path`/members/${m.id}`, { role }).finally(load))}
            />
            <button
              type="button"
              class="button"
              disabled={m.role === 'owner' && own.role !== 'owner'}
              onClick={() => {
                if (confirm(texts.removeMember.replace('{name}', m.user.name))) {
                  run(() => store.api.call('DELETE', path`/members/${m.id}`).then(load));
                }
              }}
            >
              {texts.remove}
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Invitations({ store, own }: { store: Store; own: Membership }) {
  const [list, setList] = useState<InvitationPage['data']>([]);
  const [link, setLink] = useState('');
  const [run, error] = useAction();
  const load = () => store.api.get<InvitationPage>('/invitations?limit=100').then((p) => setList(p.data));
  useEffect(() => run(load), []);
  const invite = (e: Event) => {
    e.preventDefault();
    const form = e.target as HTMLFormElement;
    run(async () => {
      const body = Object.fromEntries(new FormData(form));
      setLink(location.origin + (await store.api.call<CreatedInvitation>('POST', '/invitations', body)).path);
      form.reset();
      await load();
    });
  };
  return (
    <Section title={texts.invitations}>
      <p class="error" role="alert">
        {error}
      </p>
      <form class="add" id="invite" onSubmit={invite}>
        <input name="email" type="email" required placeholder={texts.email} aria-label={texts.email} />
        <RoleSelect value="agent" own={own.role} />
        <button class="primary">{texts.invite}</button>
      </form>
      {link && <Secret label={texts.sendLink} text={link} />}
      <ul class="list wide">
        {list.map((i) => (
          <li key={i.id} class="bar row">
            <span class="what">
              {i.email}
              <small class="block">
                {texts[i.role]} · {texts.expires} {moment(i.expiresAt)}
              </small>
            </span>
            <button
              type="button"
              class="button"
              onClick={() => run(() => store.api.call('DELETE', path`/invitations/${i.id}`).then(load))}
            >
              {texts.remove}
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Tokens({ store }: { store: Store }) {
  const [list, setList] = useState<TokenPage['data']>([]);
  const [secret, setSecret] = useState('');
  const [run, error] = useAction();
  const load = () => store.api.get<TokenPage>('/tokens?limit=100').then((p) => setList(p.data));
  useEffect(() => run(load), []);
  const create = (e: Event) => {
    e.preventDefault();
    const form = e.target as HTMLFormElement;
    run(async () => {
      const body = Object.fromEntries(new FormData(form));
      setSecret((await store.api.call<CreatedToken>('POST', '/tokens', body)).token);
      form.reset();
      await load();
    });
  };
  return (
    <Section title={texts.apiTokens}>
      <p class="dim">{texts.apiTokensHint}</p>
      <p class="error" role="alert">
        {error}
      </p>
      {secret && <Secret label={texts.shownOnce} text={secret} />}
      <ul class="list wide" id="tokens">
        {list.map((t) => (
          <li key={t.id} class="bar row">
            <span class="what">
              {t.name}
              <small class="block">
                {t.prefix}… · {t.level} · {t.lastUsedAt ? texts.lastUsed + ' ' + moment(t.lastUsedAt) : texts.neverUsed}
              </small>
            </span>
            <button
              type="button"
              class="button"
              onClick={() => {
                if (confirm(texts.revokeToken.replace('{name}', t.name))) {
                  run(() => store.api.call('DELETE', path`/tokens/${t.id}`).then(load));
                }
              }}
            >
              {texts.revoke}
            </button>
          </li>
        ))}
      </ul>
      <form class="add" onSubmit={create}>
        <input name="name" required maxLength={100} placeholder={texts.name} aria-label={texts.name} />
        <select name="level" aria-label={texts.level}>
          <option>READ</option>
          <option>WRITE</option>
          <option>READ_WRITE</option>
        </select>
        <button class="button">{texts.create}</button>
      </form>
    </Section>
  );
}
