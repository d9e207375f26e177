// The person's own page: the ways to sign in, sessions, and personal access tokens.
import { useEffect, useState, type FormEvent } from 'react';
import { path, type Api } from '../../api/client';
import { canUsePasskeys, createPasskey } from '../../api/passkeys';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Secret, Section, useAction } from '../../ui/settings';
import { ago, moment } from '../../ui/time';
import { SettingsTabs } from '../settings/SettingsTabs';
import { device } from './device';
import type {
  AuthenticatorKey,
  Ceremony,
  CreatedPersonalToken,
  Factors,
  PersonalTokenList,
  RecoveryCodes,
  SessionList,
} from '../../../../../libs/web/api';

const day = 86_400_000; // milliseconds

export function Page() {
  const { api, person } = useSession();
  return (
    <main className="page">
      <h1>{t('account')}</h1>
      <SettingsTabs />
      <p className="dim">
        {person.name} · {person.email}
      </p>
      <SigningIn api={api} />
      <Sessions api={api} />
      <PersonalTokens api={api} />
    </main>
  );
}

function SigningIn({ api }: { api: Api }) {
  const [factors, setFactors] = useState<Factors | null>(null);
  const [key, setKey] = useState<AuthenticatorKey | null>(null);
  const [codes, setCodes] = useState<string[]>([]);
  const [run, error] = useAction();
  const load = () => api.get<Factors>('/auth/factors').then(setFactors);
  useEffect(() => run(load), []);
  if (!factors) return <p className="error">{error}</p>;
  const confirmKey = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const code = new FormData(e.currentTarget).get('code');
    run(async () => {
      setCodes((await api.call<RecoveryCodes>('PUT', '/auth/totp', { code })).codes);
      setKey(null);
      await load();
    });
  };
  const addPasskey = async () => {
    const c = await api.call<Ceremony>('POST', '/auth/passkeys/options');
    const response = await createPasskey(c.options);
    const name = navigator.platform || t('passkey');
    await api.call('POST', '/auth/passkeys', { challenge: c.challenge, name, response });
    await load();
  };
  return (
    <Section title={t('waysToSignIn')}>
      <p className="error" role="alert">
        {error}
      </p>
      <div className="bar">
        <span>
          {t('authenticator')}
          <small className="block">
            {factors.totp ? `${t('recoveryLeft')}: ${factors.recoveryCodes}` : t('authenticatorHint')}
          </small>
        </span>
        <span className="buttons">
          {factors.totp && (
            <button
              type="button"
              className="button"
              onClick={() =>
                run(async () => setCodes((await api.call<RecoveryCodes>('POST', '/auth/recovery-codes')).codes))
              }
            >
              {t('newRecovery')}
            </button>
          )}
          <button
            type="button"
            id="totp"
            className="button"
            onClick={() =>
              run(async () => {
                if (!factors.totp) return setKey(await api.call<AuthenticatorKey>('POST', '/auth/totp/key'));
                await api.call('DELETE', '/auth/totp');
                setCodes([]);
                await load();
              })
            }
          >
            {factors.totp ? t('remove') : t('add')}
          </button>
        </span>
      </div>
      {key && (
        <form className="stack" onSubmit={confirmKey}>
          <p>{t('scan')}</p>
          <img src={key.picture} alt={t('qrCode')} width="240" height="240" />
          <code>{key.secret}</code>
          <label>
            {t('code')}
            <input name="code" required inputMode="numeric" autoComplete="one-time-code" />
          </label>
          <button className="primary">{t('confirm')}</button>
        </form>
      )}
      {codes.length > 0 && <Secret label={t('recoveryCodes')} text={codes.join('\n')} />}
      <ul className="list wide">
        {factors.passkeys.map((k) => (
          <li key={k.id} className="bar row">
            <span>
              {k.name}
              <small className="block">{t('passkey') + ' · ' + ago(k.lastUsedAt)}</small>
            </span>
            <button
              type="button"
              className="button"
              onClick={() => run(() => api.call('DELETE', path`/auth/passkeys/${k.id}`).then(load))}
            >
              {t('remove')}
            </button>
          </li>
        ))}
      </ul>
      {canUsePasskeys() && (
        <button type="button" id="passkey" className="button" onClick={() => run(addPasskey)}>
          {t('addPasskey')}
        </button>
      )}
    </Section>
  );
}

function Sessions({ api }: { api: Api }) {
  const [list, setList] = useState<SessionList | null>(null);
  const [run, error] = useAction();
  const load = () => api.get<SessionList>('/auth/sessions').then(setList);
  useEffect(() => run(load), []);
  return (
    <Section title={t('sessions')}>
      <p className="error" role="alert">
        {error}
      </p>
      <ul className="list wide" id="sessions">
        {list?.data.map((s) => (
          <li key={s.id} className="bar row">
            <span className="what">
              <span title={s.device}>{device(s.device)}</span>
              <small className="block">
                {s.address} · {s.current ? t('thisSession') : ago(s.lastUsedAt)}
              </small>
            </span>
            {!s.current && (
              <button
                type="button"
                className="button"
                onClick={() => run(() => api.call('DELETE', path`/auth/sessions/${s.id}`).then(load))}
              >
                {t('signOut')}
              </button>
            )}
          </li>
        ))}
      </ul>
      <button
        type="button"
        id="everywhere"
        className="button"
        onClick={() => run(() => api.call('DELETE', '/auth/sessions').then(() => api.onEnd()))}
      >
        {t('signOutEverywhere')}
      </button>
    </Section>
  );
}

function PersonalTokens({ api }: { api: Api }) {
  const [list, setList] = useState<PersonalTokenList | null>(null);
  const [secret, setSecret] = useState('');
  const [run, error] = useAction();
  const load = () => api.get<PersonalTokenList>('/auth/tokens').then(setList);
  useEffect(() => run(load), []);
  const create = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const form = e.currentTarget;
    const expiresAt = new Date(Date.now() + 90 * day).toISOString();
    run(async () => {
      const body = { name: new FormData(form).get('name'), expiresAt };
      setSecret((await api.call<CreatedPersonalToken>('POST', '/auth/tokens', body)).token);
      form.reset();
      await load();
    });
  };
  return (
    <Section title={t('personalTokens')}>
      <p className="dim">{t('personalTokensHint')}</p>
      <p className="error" role="alert">
        {error}
      </p>
      {secret && <Secret label={t('shownOnce')} text={secret} />}
      <ul className="list wide">
        {list?.data.map((token) => (
          <li key={token.id} className="bar row">
            <span>
              {token.name}
              <small className="block">{t('expires') + ' ' + moment(token.expiresAt)}</small>
            </span>
            <button
              type="button"
              className="button"
              onClick={() => run(() => api.call('DELETE', path`/auth/tokens/${token.id}`).then(load))}
            >
              {t('revoke')}
            </button>
          </li>
        ))}
      </ul>
      <form className="add" onSubmit={create}>
        <input name="name" required maxLength={100} placeholder={t('name')} aria-label={t('name')} />
        <button className="button">{t('create')}</button>
      </form>
    </Section>
  );
}
