// Signing in with an API token, and choosing the agent.
import { useState } from 'preact/hooks';
import { Api, ApiError } from './api';
import type { User, Website } from '../../../libs/web/api';
import { Avatar } from './parts';
import { texts } from './texts';

/** signInError explains to the agent why a token doesn't open the console. */
export function signInError(err: unknown): string {
  if (err instanceof ApiError && err.status === 401) return texts.wrongToken;
  if (err instanceof ApiError && err.status === 403) return texts.needsReading;
  return err instanceof ApiError ? texts.failed + err.message : texts.away;
}

interface SignInProps {
  problem: string;
  enter: (token: string, website: Website) => void;
}

export function SignIn({ problem, enter }: SignInProps) {
  const [error, setError] = useState(problem);
  const [isBusy, setBusy] = useState(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    const token = new FormData(e.target as HTMLFormElement).get('token')!.toString().trim();
    setBusy(true);
    try {
      enter(token, await new Api(token).get<Website>('/website'));
    } catch (err) {
      setError(signInError(err));
    }
    setBusy(false);
  };
  return (
    <main class="gate">
      <form onSubmit={submit} autocomplete="off">
        <h1>Fivechat</h1>
        <label>
          {texts.token}
          <input
            name="token"
            type="password"
            required
            autofocus
            spellcheck={false}
            autocomplete="off"
            aria-describedby="hint"
            aria-invalid={!!error}
          />
        </label>
        <p id="hint" class="dim">
          {texts.tokenHint}
        </p>
        <p class="error" role="alert">
          {error}
        </p>
        <button class="primary" disabled={isBusy}>
          {texts.signIn}
        </button>
      </form>
    </main>
  );
}

interface ChooseAgentProps {
  users: User[];
  choose: (user: User) => void;
  skip: () => void;
}

/** ChooseAgent lets the user choose an agent: a token belongs to a website, not to an agent. */
export function ChooseAgent({ users, choose, skip }: ChooseAgentProps) {
  return (
    <main class="gate">
      <section>
        <h1>{texts.who}</h1>
        {!users.length && <p class="dim">{texts.noUsers}</p>}
        <ul class="people">
          {users.map((u) => (
            <li key={u.id}>
              <button type="button" onClick={() => choose(u)}>
                <Avatar name={u.name} />
                <span dir="auto">
                  {u.name}
                  <small>{u.email}</small>
                </span>
              </button>
            </li>
          ))}
        </ul>
        <button type="button" class="link" onClick={skip}>
          {texts.lookOnly}
        </button>
      </section>
    </main>
  );
}
