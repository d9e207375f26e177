// Signing in, and accepting an invitation.
import { useEffect, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { Api, ApiError, path } from './api';
import { DemoPeople } from './demo';
import { canUsePasskeys, usePasskey } from './passkeys';
import { Providers, useWays } from './providers';
import type { Ceremony, InvitationDetails, Membership, SignedIn, SignInResult } from '../../../libs/web/api';
import { texts } from './texts';

/** signInError explains to a person why signing in failed. */
export function signInError(err: unknown): string {
  if (!(err instanceof ApiError)) return texts.away;
  if (err.code === 'credentials_invalid') return texts.wrongPassword;
  if (err.code === 'code_invalid') return texts.wrongCode;
  if (err.code === 'challenge_invalid') return texts.tookTooLong;
  if (err.code === 'passkey_invalid') return texts.passkeyFailed;
  if (err.status === 429) return texts.tooManyAttempts;
  if (err.code === 'email_taken') return texts.hasAccount;
  if (err.code === 'sign_up_closed') return texts.signUpClosed;
  if (err.code === 'too_many_websites') return texts.tooManyWebsites;
  return texts.failed + err.message;
}

interface FieldProps {
  name: string;
  label: string;
  type?: 'text' | 'email' | 'password' | 'url';
  value?: string;
  autocomplete: string;
  hint?: string;
  invalid: boolean;
}

function Field({ name, label, type = 'text', value, autocomplete, hint, invalid }: FieldProps) {
  return (
    <label>
      {label}
      <input
        name={name}
        type={type as 'text'} // the types of Preact want one literal
        required
        defaultValue={value}
        autocomplete={autocomplete}
        spellcheck={false}
        aria-describedby={hint && name + '-hint'}
        aria-invalid={invalid}
      />
      {hint && (
        <small id={name + '-hint'} class="dim">
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
  below?: ComponentChildren;
  children: ComponentChildren;
}

/** Gate is a form in the middle of the page, before the person has signed in. */
function Gate({ title, action, error, submit, below, children }: GateProps) {
  const [isBusy, setBusy] = useState(false);
  const onSubmit = async (e: Event) => {
    e.preventDefault();
    const fields = Object.fromEntries(new FormData(e.target as HTMLFormElement)) as Record<string, string>;
    setBusy(true);
    await submit(fields);
    setBusy(false);
  };
  return (
    <main class="gate">
      <form onSubmit={onSubmit}>
        <h1>{title}</h1>
        {children}
        <p class="error" role="alert">
          {error}
        </p>
        <button class="primary" disabled={isBusy}>
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
      setError(err instanceof ApiError ? signInError(err) : texts.passkeyFailed);
    }
  };
  if (challenge) {
    return (
      <Gate key="code" title="Fivechat" action={texts.signIn} error={error} submit={submit}>
        <Field name="code" label={texts.codeOfApp} autocomplete="one-time-code" invalid={!!error} />
      </Gate>
    );
  }
  const below = (
    <>
      <Providers />
      {signUp === 'open' && (
        <a id="sign-up" class="button" href="#/sign-up">
          {texts.createAccount}
        </a>
      )}
      <small class="dim">{texts.forgotten}</small>
      <DemoPeople signIn={submit} />
    </>
  );
  return (
    <Gate key="password" title="Fivechat" action={texts.signIn} error={error} submit={submit} below={below}>
      {note && <p class="dim">{note}</p>}
      <Field name="email" label={texts.email} type="email" autocomplete="username" invalid={!!error} />
      <Field name="password" label={texts.password} type="password" autocomplete="current-password" invalid={!!error} />
      {canUsePasskeys() && (
        <button type="button" id="with-passkey" class="button" onClick={passkey}>
          {texts.withPasskey}
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
      setError(err instanceof ApiError && err.status === 404 ? texts.resetInvalid : signInError(err));
    }
  };
  return (
    <Gate title="Fivechat" action={texts.newPassword} error={error} submit={submit}>
      <Field
        name="password"
        label={texts.newPassword}
        type="password"
        autocomplete="new-password"
        hint={texts.passwordHint}
        invalid={!!error}
      />
    </Gate>
  );
}

/** WebsiteFields ask for a new website. */
function WebsiteFields() {
  return (
    <>
      <Field name="websiteName" label={texts.websiteName} autocomplete="organization" invalid={false} />
      <Field name="url" label={texts.websiteUrl} type="url" value="https://" autocomplete="url" invalid={false} />
    </>
  );
}

/** PersonFields ask for a new account, of the person with an e-mail address or of any. */
function PersonFields({ email }: { email: string | null }) {
  return (
    <>
      <Field name="name" label={texts.yourName} autocomplete="name" invalid={false} />
      {email ? (
        <p class="dim">{email}</p>
      ) : (
        <Field name="email" label={texts.email} type="email" autocomplete="username" invalid={false} />
      )}
      <Field
        name="password"
        label={texts.password}
        type="password"
        autocomplete="new-password"
        hint={texts.passwordHint}
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
      setError(err instanceof ApiError && err.code === 'email_taken' ? texts.accountExists : signInError(err));
    }
  };
  const below = (
    <a class="button" href="#/">
      {texts.haveAccount}
    </a>
  );
  return (
    <Gate title={texts.createAccount} action={texts.create} error={error} submit={submit} below={below}>
      <WebsiteFields />
      <PersonFields email={null} />
    </Gate>
  );
}

/** NewWebsite lets a person who has signed in create a further website. */
export function NewWebsite({ created }: { created: (membership: Membership) => void }) {
  const [error, setError] = useState('');
  const submit = async ({ websiteName, url }: Record<string, string>) => {
    try {
      created(await new Api().call<Membership>('POST', '/websites', { name: websiteName, url }));
    } catch (err) {
      setError(signInError(err));
    }
  };
  const below = (
    <a class="button" href="#/">
      {texts.cancel}
    </a>
  );
  return (
    <Gate title={texts.newWebsite} action={texts.create} error={error} submit={submit} below={below}>
      <WebsiteFields />
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
      setError(err instanceof ApiError && err.status === 404 ? texts.invitationInvalid : signInError(err));
    });
  }, [token]);
  if (!details) {
    return (
      <main class="gate">
        <section>
          <h1>Fivechat</h1>
          <p class="error" role="alert">
            {error}
          </p>
          {error && <a href="#/">{texts.signIn}</a>}
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
    return <SignIn problem="" note={texts.signInToJoin} enter={known} />;
  }
  return (
    <Gate
      title={details.websiteName ? texts.join + ' ' + details.websiteName : texts.createWebsite}
      action={details.websiteName ? texts.join : texts.create}
      error={error}
      submit={submit}
      below={!signedIn && details.websiteName && <Providers />}
    >
      {!details.websiteName && <WebsiteFields />}
      {signedIn ? <p class="dim">{signedIn.person.email}</p> : <PersonFields email={details.email} />}
    </Gate>
  );
}
