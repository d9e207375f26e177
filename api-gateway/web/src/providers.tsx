// Signing in at identity providers (OpenID Connect): the buttons, and what the server sends the browser back with.
import { useEffect, useState } from 'preact/hooks';
import { Api, path } from './api';
import type { IdentityProviderList } from '../../../libs/web/api';
import { texts } from './texts';

/** viewForm matches the views to which a sign-in can return. */
const viewForm = /^(\/[A-Za-z0-9_-]+){0,8}$/;

/** providerProblem explains a code of a failed sign-in. */
export function providerProblem(code: string): string {
  const known: Record<string, string> = texts.providerProblems;
  return (Object.hasOwn(known, code) && known[code]) || texts.providerProblems.sign_in_failed;
}

/** Returned is what a sign-in at a provider ended with: the view to show, and why it failed, or ''. */
interface Returned {
  isSignedIn: boolean;
  view: string;
  problem: string;
}

/** returned reads the fragment with which the server sends the browser back, or returns null for another one. */
export function returned(hash: string): Returned | null {
  const [, kind, rest = ''] = hash.match(/^#\/(signed-in|sign-in)(\/.*)?$/) || [];
  if (kind === 'signed-in') return { isSignedIn: true, view: viewForm.test(rest) ? rest : '', problem: '' };
  if (kind === 'sign-in') return { isSignedIn: false, view: '', problem: providerProblem(rest.slice(1)) };
  return null;
}

/** useWays returns the ways to sign in beside the password, and whether persons sign up. There are none until known. */
export function useWays(): IdentityProviderList {
  const [ways, setWays] = useState<IdentityProviderList>({ data: [] });
  useEffect(() => {
    new Api().get<IdentityProviderList>('/auth/oidc').then(setWays, () => {}); // the password works without them
  }, []);
  return ways;
}

/** Providers shows a button for each provider, which returns to the current view. */
export function Providers() {
  const { data: providers } = useWays();
  if (!providers.length) return null;
  const view = location.hash.slice(1);
  const query = view !== '/' && viewForm.test(view) ? '?return=' + view : '';
  return (
    <div class="providers">
      {providers.map((p) => (
        <a key={p.id} class="button provider" href={path`/auth/oidc/${p.id}` + query}>
          {texts.signInWith.replace('{name}', p.name)}
        </a>
      ))}
    </div>
  );
}
