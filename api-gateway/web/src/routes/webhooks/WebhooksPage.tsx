// The website's webhooks.
import { Link } from '@tanstack/react-router';
import { Plus, Webhook as Icon } from 'lucide-react';
import type { Webhook } from '../../../../../libs/web/api';
import { usePages } from '../../api/hooks';
import { keys } from '../../api/keys';
import { t } from '../../texts';
import { Empty, Failure, Skeleton } from '../../ui/parts';
import { ShowMore } from '../../ui/ShowMore';
import { SettingsPage } from '../settings/SettingsPage';
import { nameOf, StateChip, StateText } from './state';
import './webhooks.css';

export function Page() {
  return (
    <SettingsPage
      at="/settings/webhooks"
      action={
        <Link to="/settings/webhooks/new" className="primary" id="new-webhook">
          <Plus aria-hidden="true" />
          {t('newWebhook')}
        </Link>
      }
    >
      <p className="dim">{t('webhooksAbout')}</p>
      <Webhooks />
    </SettingsPage>
  );
}

function Webhooks() {
  const read = usePages<Webhook>(keys.webhooks, '/webhooks', {}, { isFresh: true });
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (read.isPending) return <Skeleton rows={3} />;
  if (!read.rows.length) return <Empty icon={Icon}>{t('noWebhooks')}</Empty>;
  return (
    <>
      <ul className="list wide webhooks" id="webhooks">
        {read.rows.map((webhook) => (
          <li key={webhook.id}>
            <Link to="/settings/webhooks/$id" params={{ id: String(webhook.id) }} className="row">
              <span className="what">
                <span className="name">
                  <b dir="auto">{nameOf(webhook)}</b> <StateChip {...webhook} />
                </span>
                <small className="address">{webhook.url}</small>
                <small>
                  <StateText {...webhook} />
                </small>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <ShowMore read={read} />
    </>
  );
}
