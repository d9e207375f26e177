// One webhook: how it is, what it may do, and its deliveries.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Webhook, WebhookPatch, WebhookWithSecret } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Question } from '../../ui/Form';
import { Failure, Skeleton } from '../../ui/parts';
import { Secret, Section, useAction } from '../../ui/settings';
import { moment } from '../../ui/time';
import { useToasts } from '../../ui/toasts';
import { SettingsPage } from '../settings/SettingsPage';
import { Deliveries } from './Deliveries';
import { nameOf, StateChip, StateText } from './state';
import { WebhookForm } from './WebhookForm';
import './webhooks.css';

export function Page() {
  return (
    <SettingsPage at="/settings/webhooks">
      <Read />
    </SettingsPage>
  );
}

function Read() {
  const { api } = useSession();
  const { id } = useParams({ strict: false });
  const at = path`/webhooks/${id ?? ''}`;
  const read = useQuery({
    queryKey: keys.webhook(id ?? ''),
    staleTime: 0,
    queryFn: ({ signal }) => api.get<Webhook>(at, signal),
  });
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Skeleton rows={4} />;
  return (
    <>
      <Overview at={at} webhook={read.data} />
      <Deliveries at={at} isEnabled={read.data.enabled} />
    </>
  );
}

interface OverviewProps {
  /** at is the path of the webhook in the API. */
  at: string;
  webhook: Webhook;
}

function Overview({ at, webhook }: OverviewProps) {
  const { api } = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const toasts = useToasts();
  const [run, error] = useAction();
  const [secret, setSecret] = useState('');
  const [asked, setAsked] = useState<'delete' | 'rotate' | ''>('');
  const load = () => queries.invalidateQueries({ queryKey: keys.webhooks });
  const change = async (patch: WebhookPatch) => {
    await api.call('PATCH', at, patch);
    await load();
    toasts.done(t('saved'));
  };
  const test = async () => {
    await api.call('POST', at + '/test');
    toasts.done(t('testSent'));
    await load();
  };
  const rotate = () => {
    setAsked('');
    run(async () => {
      setSecret((await api.call<WebhookWithSecret>('POST', at + '/secret', {})).secret);
      await load();
    });
    return Promise.resolve();
  };
  const remove = async () => {
    await api.call('DELETE', at);
    await navigate({ to: '/settings/webhooks' });
    queries.removeQueries({ queryKey: keys.webhooks });
  };
  const name = nameOf(webhook);
  return (
    <Section title={name}>
      <p>
        <StateChip {...webhook} /> <StateText {...webhook} />
      </p>
      <p className="buttons">
        <button type="button" className="primary" id="test" disabled={!webhook.enabled} onClick={() => run(test)}>
          {t('sendTest')}
        </button>
        <button
          type="button"
          className="button"
          id="pause"
          title={t('pauseHint')}
          onClick={() => run(() => change({ enabled: !webhook.enabled }))}
        >
          {t(webhook.enabled ? 'pause' : 'resume')}
        </button>
        <button type="button" className="button" id="rotate" onClick={() => setAsked('rotate')}>
          {t('newSecret')}
        </button>
        <button type="button" className="button" id="delete" onClick={() => setAsked('delete')}>
          {t('delete')}
        </button>
      </p>
      {!webhook.enabled && <p className="dim">{t('pauseHint')}</p>}
      <p className="error" role="alert">
        {error}
      </p>
      {secret && <Secret label={t('webhookSecret')} text={secret} />}
      {webhook.previousSecretUntil && Date.parse(webhook.previousSecretUntil) > Date.now() && (
        <p className="dim">{t('oldSecretUntil', { time: moment(webhook.previousSecretUntil) })}</p>
      )}
      <details>
        <summary>{t('addressAndEvents')}</summary>
        <WebhookForm key={webhook.updatedAt} webhook={webhook} action={t('save')} save={change} />
      </details>
      {asked === 'rotate' && (
        <Question title={t('newSecret')} action={t('create')} run={rotate} close={() => setAsked('')}>
          {t('newSecretQuestion')}
        </Question>
      )}
      {asked === 'delete' && (
        <Question title={t('deleteNamed', { name })} action={t('delete')} run={remove} close={() => setAsked('')}>
          {t('deleteWebhook')}
        </Question>
      )}
    </Section>
  );
}
