// The form of a webhook: its address, a description, and the events that it receives.
import { useState } from 'react';
import type { Webhook } from '../../../../../libs/web/api';
import { t, tEnum } from '../../texts';
import { Field, useSubmit } from '../../ui/Form';
import { every, groups, includes, toggled } from './events';

const maxUrl = 2048;
const maxDescription = 255;

/** Draft is what the form edits. */
export type Draft = Pick<Webhook, 'url' | 'description' | 'events'>;

interface WebhookFormProps {
  webhook?: Webhook;
  action: string;
  save: (draft: Draft) => Promise<unknown>;
}

export function WebhookForm({ webhook, action, save }: WebhookFormProps) {
  const [events, setEvents] = useState(webhook?.events ?? [every]);
  const { submit, isBusy, problemOf, error } = useSubmit((fields) => {
    const [url, description] = ['url', 'description'].map((name) => String(fields.get(name)).trim());
    return save({ url: url!, description: description!, events });
  });
  return (
    <form className="stack" id="webhook" onSubmit={submit}>
      <Field label={t('webhookUrl')} problem={problemOf('url')} hint={t('webhookUrlHint')}>
        {(a) => (
          <input
            name="url"
            type="url"
            required
            maxLength={maxUrl}
            defaultValue={webhook?.url}
            placeholder="https://"
            {...a}
          />
        )}
      </Field>
      <Field label={t('description')} problem={problemOf('description')}>
        {(a) => (
          <input name="description" maxLength={maxDescription} defaultValue={webhook?.description} dir="auto" {...a} />
        )}
      </Field>
      <Events events={events} change={setEvents} />
      <p className="error" role="alert">
        {problemOf('events') || (events.length ? error : t('eventsMissing'))}
      </p>
      <p className="buttons">
        <button className="primary" disabled={isBusy || !events.length}>
          {action}
        </button>
      </p>
    </form>
  );
}

function Events({ events, change }: { events: string[]; change: (events: string[]) => void }) {
  return (
    <fieldset className="events">
      <legend>{t('events')}</legend>
      <label className="check">
        <input
          type="checkbox"
          value={every}
          checked={events.includes(every)}
          onChange={(e) => change(e.target.checked ? [every] : [])}
        />
        {t('allEvents')}
      </label>
      {groups.map(({ label, types }) => (
        <fieldset key={label}>
          <legend>{t(label)}</legend>
          {types.map((type) => (
            <label key={type} className="check">
              <input
                type="checkbox"
                value={type}
                checked={includes(events, type)}
                onChange={() => change(toggled(events, type))}
              />
              <span>
                {tEnum('event', type)} <small>{type}</small>
              </span>
            </label>
          ))}
        </fieldset>
      ))}
    </fieldset>
  );
}
