import { useState } from 'preact/hooks';
import { Api, Refusal } from './api';
import type { User, Website } from '../../../libs/web/api';
import { Avatar } from './parts';
import { w } from './words';

/** why says in words why a token did not open the console. */
export function why(err: unknown): string {
  if (err instanceof Refusal && err.status === 401) return w.wrongToken;
  if (err instanceof Refusal && err.status === 403) return w.needsReading;
  return err instanceof Refusal ? w.failed + err.message : w.away;
}

export function SignIn({ problem, entered }: { problem: string; entered: (token: string, website: Website) => void }) {
  const [error, setError] = useState(problem);
  const [busy, setBusy] = useState(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    const token = new FormData(e.target as HTMLFormElement).get('token')!.toString().trim();
    setBusy(true);
    try {
      entered(token, await new Api(token).get<Website>('/website'));
    } catch (err) {
      setError(why(err));
    }
    setBusy(false);
  };
  return (
    <main class="gate">
      <form onSubmit={submit} autocomplete="off">
        <h1>Fivechat</h1>
        <label>
          {w.token}
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
          {w.tokenHint}
        </p>
        <p class="error" role="alert">
          {error}
        </p>
        <button class="primary" disabled={busy}>
          {w.signIn}
        </button>
      </form>
    </main>
  );
}

/** Who lets the person say which agent they are: a token belongs to a website, not to a person. */
export function Who({ users, chosen, look }: { users: User[]; chosen: (u: User) => void; look: () => void }) {
  return (
    <main class="gate">
      <section>
        <h1>{w.who}</h1>
        {!users.length && <p class="dim">{w.noUsers}</p>}
        <ul class="people">
          {users.map((u) => (
            <li key={u.id}>
              <button type="button" onClick={() => chosen(u)}>
                <Avatar name={u.name} />
                <span dir="auto">
                  {u.name}
                  <small>{u.email}</small>
                </span>
              </button>
            </li>
          ))}
        </ul>
        <button type="button" class="link" onClick={look}>
          {w.lookOnly}
        </button>
      </section>
    </main>
  );
}
