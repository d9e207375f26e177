// The person's own page: the ways to sign in, sessions, and personal access tokens.
import { useEffect, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { ApiError, path, type Api } from './api';
import { device } from './device';
import { ago, moment } from './parts';
import { canUsePasskeys, createPasskey } from './passkeys';
import { texts } from './texts';
import type {
  AuthenticatorKey,
  Ceremony,
  CreatedPersonalToken,
  Factors,
  PersonalTokenList,
  RecoveryCodes,
  SessionList,
} from '../../../libs/web/api';

const day = 86_400_000; // milliseconds

/** explain returns what a person can do about a refused request. */
export function explain(err: unknown): string {
  if (!(err instanceof ApiError)) return texts.away;
  if (err.code === 'code_invalid') return texts.wrongCode;
  return texts.failed + err.message;
}

/** useAction returns a function that runs an action and keeps its error for the person, and that error. */
export function useAction(): [(action: () => Promise<unknown>) => void, string] {
  const [error, setError] = useState('');
  return [
    (action) => {
      setError('');
      action().catch((err) => setError(explain(err)));
    },
    error,
  ];
}

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="settings">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Secret shows a text that the server sends once. */
export function Secret({ label, text }: { label: string; text: string }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <div class="warning" role="status">
      <strong>{label}</strong>
      <p class="code">
        <code>{text}</code>
        <button
          type="button"
          class="link"
          onClick={() =>
            navigator.clipboard.writeText(text).then(
              () => setCopied(true),
              () => {
                /* the person can select the text */
              },
            )
          }
        >
          {isCopied ? texts.copied : texts.copy}
        </button>
      </p>
    </div>
  );
}

export function Account({ api }: { api: Api }) {
  return (
    <main class="page">
      <h1>{texts.account}</h1>
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
  if (!factors) return <p class="error">{error}</p>;
  const confirmKey = async (e: Event) => {
    e.preventDefault();
    const code = new FormData(e.target as HTMLFormElement).get('code');
    run(async () => {
      setCodes((await api.call<RecoveryCodes>('PUT', '/auth/totp', { code })).codes);
      setKey(null);
      await load();
    });
  };
  const addPasskey = async () => {
    const c = await api.call<Ceremony>('POST', '/auth/passkeys/options');
    const response = await createPasskey(c.options);
    const name = navigator.platform || texts.passkey;
    await api.call('POST', '/auth/passkeys', { challenge: c.challenge, name, response });
    await load();
  };
  return (
    <Section title={texts.waysToSignIn}>
      <p class="error" role="alert">
        {error}
      </p>
      <div class="bar">
        <span>
          {texts.authenticator}
          <small class="block">
            {factors.totp ? `${texts.recoveryLeft}: ${factors.recoveryCodes}` : texts.authenticatorHint}
          </small>
        </span>
        <span class="buttons">
          {factors.totp && (
            <button
              type="button"
              class="button"
              onClick={() =>
                run(async () => setCodes((await api.call<RecoveryCodes>('POST', '/auth/recovery-codes')).codes))
              }
            >
              {texts.newRecovery}
            </button>
          )}
          <button
            type="button"
            id="totp"
            class="button"
            onClick={() =>
              run(async () => {
                if (!factors.totp) return setKey(await api.call<AuthenticatorKey>('POST', '/auth/totp/key'));
                await api.call('DELETE', '/auth/totp');
                setCodes([]);
                await load();
              })
            }
          >
            {factors.totp ? texts.remove : texts.add}
          </button>
        </span>
      </div>
      {key && (
        <form class="stack" onSubmit={confirmKey}>
          <p>{texts.scan}</p>
          <img src={key.picture} alt={texts.qrCode} width="240" height="240" />
          <code>{key.secret}</code>
          <label>
            {texts.code}
            <input name="code" required inputMode="numeric" autocomplete="one-time-code" />
          </label>
          <button class="primary">{texts.confirm}</button>
        </form>
      )}
      {codes.length > 0 && <Secret label={texts.recoveryCodes} text={codes.join('\n')} />}
      <ul class="list wide">
        {factors.passkeys.map((k) => (
          <li key={k.id} class="bar row">
            <span>
              {k.name}
              <small class="block">{texts.passkey + ' · ' + ago(k.lastUsedAt)}</small>
            </span>
            <button
              type="button"
              class="button"
              onClick={() => run(() => api.call('DELETE', path`/auth/passkeys/${k.id}`).then(load))}
            >
              {texts.remove}
            </button>
          </li>
        ))}
      </ul>
      {canUsePasskeys() && (
        <button type="button" id="passkey" class="button" onClick={() => run(addPasskey)}>
          {texts.addPasskey}
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
    <Section title={texts.sessions}>
      <p class="error" role="alert">
        {error}
      </p>
      <ul class="list wide" id="sessions">
        {list?.data.map((s) => (
          <li key={s.id} class="bar row">
            <span class="what">
              <span title={s.device}>{device(s.device)}</span>
              <small class="block">
                {s.address} · {s.current ? texts.thisSession : ago(s.lastUsedAt)}
              </small>
            </span>
            {!s.current && (
              <button
                type="button"
                class="button"
                onClick={() => run(() => api.call('DELETE', path`/auth/sessions/${s.id}`).then(load))}
              >
                {texts.signOut}
              </button>
            )}
          </li>
        ))}
      </ul>
      <button
        type="button"
        id="everywhere"
        class="button"
        onClick={() => run(() => api.call('DELETE', '/auth/sessions').then(() => api.onEnd()))}
      >
        {texts.signOutEverywhere}
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
  const create = (e: Event) => {
    e.preventDefault();
    const form = e.target as HTMLFormElement;
    const expiresAt = new Date(Date.now() + 90 * day).toISOString();
    run(async () => {
      const body = { name: new FormData(form).get('name'), expiresAt };
      setSecret((await api.call<CreatedPersonalToken>('POST', '/auth/tokens', body)).token);
      form.reset();
      await load();
    });
  };
  return (
    <Section title={texts.personalTokens}>
      <p class="dim">{texts.personalTokensHint}</p>
      <p class="error" role="alert">
        {error}
      </p>
      {secret && <Secret label={texts.shownOnce} text={secret} />}
      <ul class="list wide">
        {list?.data.map((t) => (
          <li key={t.id} class="bar row">
            <span>
              {t.name}
              <small class="block">{texts.expires + ' ' + moment(t.expiresAt)}</small>
            </span>
            <button
              type="button"
              class="button"
              onClick={() => run(() => api.call('DELETE', path`/auth/tokens/${t.id}`).then(load))}
            >
              {texts.revoke}
            </button>
          </li>
        ))}
      </ul>
      <form class="add" onSubmit={create}>
        <input name="name" required maxLength={100} placeholder={texts.name} aria-label={texts.name} />
        <button class="button">{texts.create}</button>
      </form>
    </Section>
  );
}
