// Signing in at identity providers (OpenID Connect): the buttons.
import { useEffect, useState } from 'react';
import { useLocation } from '@tanstack/react-router';
import { Api, path } from '../../api/client';
import type { IdentityProviderList } from '../../../../../libs/web/api';
import { t } from '../../texts';

/** viewForm matches the pages to which a sign-in can return. */
const viewForm = /^(\/[A-Za-z0-9_-]+){0,8}$/;

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
  const view = useLocation().pathname;
  if (!providers.length) return null;
  const query = view !== '/' && viewForm.test(view) ? '?return=' + view : '';
  return (
    <div className="providers">
      {providers.map((p) => (
        <a key={p.id} className="button provider" href={path`/auth/oidc/${p.id}` + query}>
          {t('signInWith', { name: p.name })}
        </a>
      ))}
    </div>
  );
}
