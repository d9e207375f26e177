// A new webhook, and then its secret, which is shown once.
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { WebhookWithSecret } from '../../../../../libs/web/api';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Secret, Section } from '../../ui/settings';
import { SettingsPage } from '../settings/SettingsPage';
import { WebhookForm } from './WebhookForm';
import './webhooks.css';

export function Page() {
  return (
    <SettingsPage at="/settings/webhooks">
      <NewWebhook />
    </SettingsPage>
  );
}

function NewWebhook() {
  const { api } = useSession();
  const [created, setCreated] = useState<WebhookWithSecret | null>(null);
  return (
    <Section title={t('newWebhook')}>
      {created ? (
        <>
          <Secret label={t('webhookSecret')} text={created.secret} />
          <Link to="/settings/webhooks/$id" params={{ id: String(created.id) }} className="button">
            {t('openWebhook')}
          </Link>
        </>
      ) : (
        <WebhookForm
          action={t('create')}
          save={async (draft) => setCreated(await api.call<WebhookWithSecret>('POST', '/webhooks', draft))}
        />
      )}
    </Section>
  );
}
