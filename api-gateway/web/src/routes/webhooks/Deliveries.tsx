// A webhook's deliveries: their state, each attempt with its request and response, and sending again.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type {
  WebhookAttempt,
  WebhookDelivery,
  WebhookDeliveryDetail,
  WebhookMessage,
} from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { usePages } from '../../api/hooks';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t, tEnum } from '../../texts';
import { Failure, Skeleton } from '../../ui/parts';
import { Section, useAction } from '../../ui/settings';
import { PagedList } from '../../ui/ShowMore';
import { figure, moment } from '../../ui/time';
import { useToasts } from '../../ui/toasts';

const statuses = ['PENDING', 'HELD', 'DELIVERED', 'FAILED'];
const every = 5_000; // milliseconds between two reads: no event reports a delivery

interface DeliveriesProps {
  /** at is the path of the webhook in the API. */
  at: string;
  isEnabled: boolean;
}

export function Deliveries({ at, isEnabled }: DeliveriesProps) {
  const [status, setStatus] = useState('');
  const read = usePages<WebhookDelivery>(keys.deliveries(at, status), at + '/deliveries', status ? { status } : {}, {
    isFresh: true,
    every,
  });
  return (
    <Section title={t('deliveries')}>
      <p className="bar">
        <small>{t('deliveriesHint')}</small>
        <select aria-label={t('status')} value={status} onChange={(e) => setStatus(e.target.value)}>
          <option value="">{t('any')}</option>
          {statuses.map((s) => (
            <option key={s} value={s}>
              {tEnum('delivery', s)}
            </option>
          ))}
        </select>
      </p>
      <PagedList
        read={read}
        id="deliveries"
        rows={3}
        none={t('noDeliveries')}
        row={(delivery) => <Delivery delivery={delivery} at={at} isEnabled={isEnabled} />}
      />
    </Section>
  );
}

function Delivery({ delivery, at, isEnabled }: DeliveriesProps & { delivery: WebhookDelivery }) {
  const { api } = useSession();
  const queries = useQueryClient();
  const toasts = useToasts();
  const [run, error] = useAction();
  const [isOpen, setOpen] = useState(false);
  const { id, type, status, createdAt, nextAttemptAt, attempts } = delivery;
  const isDone = status === 'DELIVERED' || status === 'FAILED';
  const sendAgain = async () => {
    await api.call('POST', at + path`/deliveries/${id}/redeliver`);
    toasts.done(t('isSentAgain'));
    await queries.invalidateQueries({ queryKey: keys.webhooks });
  };
  return (
    <details className="delivery" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>
        <b>{type}</b>
        <span className={status === 'FAILED' ? 'chip failed' : 'chip'}>{tEnum('delivery', status)}</span>
        <time dateTime={createdAt}>{moment(createdAt)}</time>
      </summary>
      <p className="dim">{tEnum('event', type)}</p>
      {nextAttemptAt && <p>{t('nextAttempt', { time: moment(nextAttemptAt) })}</p>}
      {isDone && (
        <button type="button" className="button" disabled={!isEnabled} onClick={() => run(sendAgain)}>
          {t('sendAgain')}
        </button>
      )}
      <p className="error" role="alert">
        {error}
      </p>
      {attempts.length ? (
        [...attempts].reverse().map((attempt) => <Attempt key={attempt.at} {...attempt} />)
      ) : (
        <p className="dim">{t('noAttempts')}</p>
      )}
      {isOpen && <Body at={at + path`/deliveries/${id}`} />}
    </details>
  );
}

/** Body is what was sent: the list of deliveries leaves it out. */
function Body({ at }: { at: string }) {
  const { api } = useSession();
  const read = useQuery({
    queryKey: keys.delivery(at),
    queryFn: ({ signal }) => api.get<WebhookDeliveryDetail>(at, signal),
  });
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Skeleton rows={1} />;
  return <Message label={t('eventBody')} headers={{}} body={JSON.stringify(JSON.parse(read.data.body), null, 2)} />;
}

function Attempt({ at, durationMs, status, error, request, response }: WebhookAttempt) {
  const result = status ? `HTTP ${status}` : t('noResponse', { reason: error ?? '' });
  return (
    <section className="attempt">
      <h3>
        {moment(at)} · {t('attemptResult', { result, ms: figure(durationMs) })}
      </h3>
      <Message label={t('request')} {...request} />
      {response && <Message label={t('response')} {...response} />}
    </section>
  );
}

function Message({ label, headers, body }: WebhookMessage & { label: string }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <figure>
      <figcaption>{label}</figcaption>
      <pre tabIndex={0}>
        <code>{[...lines, '', body ?? ''].join('\n').trim()}</code>
      </pre>
    </figure>
  );
}
