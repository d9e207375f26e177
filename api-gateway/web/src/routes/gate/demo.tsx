// The demo's people: a button for each on the sign-in page, on the machine that runs the demo.
import { useEffect, useState } from 'react';
import type { Role } from '../../../../../libs/web/api';
import { Api } from '../../api/client';
import { t, tEnum } from '../../texts';

interface DemoPerson {
  name: string;
  email: string;
  password: string;
  role: Role;
}

/** isDemo reports whether the server that served this page runs the demo. */
const isDemo = () => document.getElementById('app')!.hasAttribute('data-demo');

interface DemoPeopleProps {
  /** signIn signs in with the fields of the form. */
  signIn: (fields: { email: string; password: string }) => void;
}

/** DemoPeople shows a button for each of the demo's people. */
export function DemoPeople({ signIn }: DemoPeopleProps) {
  const [people, setPeople] = useState<DemoPerson[]>([]);
  useEffect(() => {
    if (!isDemo()) return;
    new Api().get<{ people: DemoPerson[] }>('/demo/people.json').then(
      (demo) => setPeople(demo.people),
      () => {}, // another machine's browser: the person types the password
    );
  }, []);
  if (!people.length) return null;
  return (
    <div className="providers demo">
      {people.map(({ name, email, password, role }) => (
        <button key={email} type="button" className="button provider" onClick={() => signIn({ email, password })}>
          {t('signInAs', { name: name, role: tEnum('role', role) })}
        </button>
      ))}
    </div>
  );
}
