// Signing in, and accepting an invitation.
import { Link } from '@tanstack/react-router';
import { useEffect, useState, type FormEvent, type ReactNode } from 'react';
import { Api, ApiError, path } from '../../api/client';
import { canUsePasskeys, usePasskey } from '../../api/passkeys';
import { DemoPeople } from './demo';
import { signInError } from './problems';
import { Providers, useWays } from './providers';
import type { Ceremony, InvitationDetails, SignedIn, SignInResult } from '../../../../../libs/web/api';
import { t } from '../../texts';
import { Skeleton } from '../../ui/parts';

interface FieldProps {
  name: string;
  label: string;
  type?: 'text' | 'email' | 'password' | 'url';
  value?: string;
  autoComplete: string;
  hint?: string;
  invalid: boolean;
}

function Field({ name, label, type = 'text', value, autoComplete, hint, invalid }: FieldProps) {
  return (
    <label>
      {label}
      <input
        name={name}
        type={type}
        required
        defaultValue={value}
        autoComplete={autoComplete}
        spellCheck={false}
        aria-describedby={hint && name + '-hint'}
        aria-invalid={invalid}
      />
      {hint && (
        <small id={name + '-hint'} className="dim">
          {hint}
        </small>
      )}
    </label>
  );
}

interface GateProps {
  title: string;
  action: string;
  error: string;
  submit: (fields: Record<string, string>) => Promise<void>;
  /** below is shown after the button. */
  below?: ReactNode;
  children: ReactNode;
}

/** Gate is a form in the middle of the page, before the person has signed in. */
export function Gate({ title, action, error, submit, below, children }: GateProps) {
  const [isBusy, setBusy] = useState(false);
  const onSubmit = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const fields = Object.fromEntries(new FormData(e.currentTarget)) as Record<string, string>;
    setBusy(true);
    await submit(fields);
    setBusy(false);
  };
  return (
    <main className="gate">
      <form onSubmit={onSubmit}>
        <h1>{title}</h1>
        {children}
        <p className="error" role="alert">
          {error}
        </p>
        <button className="primary" disabled={isBusy}>
          {action}
        </button>
        {below}
      </form>
    </main>
  );
}

interface SignInProps {
  problem: string;
  note?: string;
  enter: (signedIn: SignedIn) => void;
}

/** SignIn takes the password, and then the code of an authenticator app if the person has one; or a passkey. */
export function SignIn({ problem, note, enter }: SignInProps) {
  const [error, setError] = useState(problem);
  const [challenge, setChallenge] = useState('');
  const { signUp } = useWays();
  const fail = (err: unknown) => {
    if (err instanceof ApiError && err.code === 'challenge_invalid') setChallenge('');
    setError(signInError(err));
  };
  const submit = async (fields: Record<string, string>) => {
    try {
      if (challenge) return enter(await new Api().call<SignedIn>('POST', '/auth/totp', { challenge, ...fields }));
      const step = await new Api().call<SignInResult>('POST', '/auth/password', fields);
      if (step.person) return enter({ person: step.person, memberships: step.memberships });
      setError('');
      setChallenge(step.challenge!);
    } catch (err) {
      fail(err);
    }
  };
  const passkey = async () => {
    try {
      const c = await new Api().call<Ceremony>('POST', '/auth/passkey/options');
      const response = await usePasskey(c.options);
      enter(await new Api().call<SignedIn>('POST', '/auth/passkey', { challenge: c.challenge, response }));
    } catch (err) {
      setError(err instanceof ApiError ? signInError(err) : t('passkeyFailed'));
    }
  };
  if (challenge) {
    return (
      <Gate key="code" title="Fivechat" action={t('signIn')} error={error} submit={submit}>
        <Field name="code" label={t('codeOfApp')} autoComplete="one-time-code" invalid={!!error} />
      </Gate>
    );
  }
  const below = (
    <>
      <Providers />
      {signUp === 'open' && (
        <Link id="sign-up" className="button" to="/sign-up">
          {t('createAccount')}
        </Link>
      )}
      <small className="dim">{t('forgotten')}</small>
      <DemoPeople signIn={submit} />
    </>
  );
  return (
    <Gate key="password" title="Fivechat" action={t('signIn')} error={error} submit={submit} below={below}>
      {note && <p className="dim">{note}</p>}
      <Field name="email" label={t('email')} type="email" autoComplete="username" invalid={!!error} />
      <Field name="password" label={t('password')} type="password" autoComplete="current-password" invalid={!!error} />
      {canUsePasskeys() && (
        <button type="button" id="with-passkey" className="button" onClick={passkey}>
          {t('withPasskey')}
        </button>
      )}
    </Gate>
  );
}

/** Reset lets the person with a link choose a new password. */
export function Reset({ token, done }: { token: string; done: () => void }) {
  const [error, setError] = useState('');
  const submit = async (fields: Record<string, string>) => {
    try {
      await new Api().call('POST', path`/auth/resets/${token}`, fields);
      done();
    } catch (err) {
      setError(err instanceof ApiError && err.status === 404 ? t('resetInvalid') : signInError(err));
    }
  };
  return (
    <Gate title="Fivechat" action={t('newPassword')} error={error} submit={submit}>
      <Field
        name="password"
        label={t('newPassword')}
        type="password"
        autoComplete="new-password"
        hint={t('passwordHint')}
        invalid={!!error}
      />
    </Gate>
  );
}

/** WebsiteFields ask for a new website. */
export function WebsiteFields() {
  return (
    <>
      <Field name="websiteName" label={t('websiteName')} autoComplete="organization" invalid={false} />
      <Field name="url" label={t('websiteUrl')} type="url" value="https://" autoComplete="url" invalid={false} />
    </>
  );
}

/** PersonFields ask for a new account, of the person with an e-mail address or of any. */
function PersonFields({ email }: { email: string | null }) {
  return (
    <>
      <Field name="name" label={t('yourName')} autoComplete="name" invalid={false} />
      {email ? (
        <p className="dim">{email}</p>
      ) : (
        <Field name="email" label={t('email')} type="email" autoComplete="username" invalid={false} />
      )}
      <Field
        name="password"
        label={t('password')}
        type="password"
        autoComplete="new-password"
        hint={t('passwordHint')}
        invalid={false}
      />
    </>
  );
}

/** SignUp lets a stranger create an account and a website. */
export function SignUp({ enter }: { enter: (signedIn: SignedIn) => void }) {
  const [error, setError] = useState('');
  const submit = async ({ websiteName, url, ...person }: Record<string, string>) => {
    try {
      const website = { name: websiteName, url };
      enter(await new Api().call<SignedIn>('POST', '/auth/sign-up', { ...person, website }));
    } catch (err) {
      setError(err instanceof ApiError && err.code === 'email_taken' ? t('accountExists') : signInError(err));
    }
  };
  const below = (
    <Link className="button" to="/">
      {t('haveAccount')}
    </Link>
  );
  return (
    <Gate title={t('createAccount')} action={t('create')} error={error} submit={submit} below={below}>
      <WebsiteFields />
      <PersonFields email={null} />
    </Gate>
  );
}

interface InvitationProps {
  token: string;
  signedIn: SignedIn | null;
  /** known is called when a person with an account has signed in to accept. */
  known: (signedIn: SignedIn) => void;
  enter: (signedIn: SignedIn) => void;
}

/** Invitation lets a person join a website, or create their first one. */
export function Invitation({ token, signedIn, known, enter }: InvitationProps) {
  const [details, setDetails] = useState<InvitationDetails | null>(null);
  const [error, setError] = useState('');
  useEffect(() => {
    new Api().get<InvitationDetails>(path`/invitations/${token}/details`).then(setDetails, (err) => {
      setError(err instanceof ApiError && err.status === 404 ? t('invitationInvalid') : signInError(err));
    });
  }, [token]);
  if (!details) {
    return (
      <main className="gate">
        <section>
          <h1>Fivechat</h1>
          <p className="error" role="alert">
            {error}
          </p>
          {error ? <Link to="/">{t('signIn')}</Link> : <Skeleton rows={2} />}
        </section>
      </main>
    );
  }
  const submit = async ({ websiteName, url, ...person }: Record<string, string>) => {
    const body = websiteName ? { ...person, website: { name: websiteName, url } } : person;
    try {
      enter(await new Api().call<SignedIn>('POST', path`/invitations/${token}/accept`, body));
    } catch (err) {
      setError(signInError(err));
    }
  };
  if (details.hasAccount && !signedIn) {
    return <SignIn problem="" note={t('signInToJoin')} enter={known} />;
  }
  return (
    <Gate
      title={details.websiteName ? t('joinWebsite', { name: details.websiteName }) : t('createWebsite')}
      action={details.websiteName ? t('join') : t('create')}
      error={error}
      submit={submit}
      below={!signedIn && details.websiteName && <Providers />}
    >
      {!details.websiteName && <WebsiteFields />}
      {signedIn ? <p className="dim">{signedIn.person.email}</p> : <PersonFields email={details.email} />}
    </Gate>
  );
}
