// The page on which a signed-in person creates a further website.
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Membership } from '../../../../../libs/web/api';
import { Api } from '../../api/client';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Gate, WebsiteFields } from './gate';
import { signInError } from './problems';

export function Page() {
  const { created } = useSession();
  const [error, setError] = useState('');
  const submit = async ({ websiteName, url }: Record<string, string>) => {
    try {
      created(await new Api().call<Membership>('POST', '/websites', { name: websiteName, url }));
    } catch (err) {
      setError(signInError(err));
    }
  };
  const below = (
    <Link className="button" to="/">
      {t('cancel')}
    </Link>
  );
  return (
    <Gate title={t('newWebsite')} action={t('create')} error={error} submit={submit} below={below}>
      <WebsiteFields />
    </Gate>
  );
}
