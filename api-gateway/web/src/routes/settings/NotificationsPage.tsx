// Settings for notifications: the person's, and what this browser allows.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import type { NotificationSettings } from '../../../../../libs/web/api';
import { keys } from '../../api/keys';
import { settingsQuery } from '../../api/notifications';
import { canNotify, isRefused, setNotifications } from '../../api/page';
import { useSession } from '../../api/session';
import { t, tEnum } from '../../texts';
import { Field } from '../../ui/Form';
import { Failure, Skeleton } from '../../ui/parts';
import { Section, useAction } from '../../ui/settings';
import { useToasts } from '../../ui/toasts';
import { SettingsTabs } from './SettingsTabs';

const ways: NotificationSettings['ways'] = ['desktop', 'sound', 'title'];
const kinds: NotificationSettings['kinds'] = ['unassigned', 'mine', 'assigned', 'mention', 'others'];

export function Page() {
  const { api } = useSession();
  const read = useQuery({ ...settingsQuery(api), staleTime: 0 });
  return (
    <main className="page">
      <h1>{t('notifications')}</h1>
      <SettingsTabs />
      <Section title={t('thisBrowser')}>
        <ThisBrowser />
      </Section>
      <Section title={t('everywhere')}>
        <p className="dim">{t('notificationsHint')}</p>
        {read.error && !read.data ? (
          <Failure error={read.error} retry={() => void read.refetch()} />
        ) : !read.data ? (
          <Skeleton rows={4} />
        ) : (
          <Settings key={JSON.stringify(read.data)} {...read.data} />
        )}
      </Section>
    </main>
  );
}

/** ThisBrowser turns desktop notifications on or off in this browser, which asks the person once. */
function ThisBrowser() {
  const [isOn, setOn] = useState(canNotify);
  if (isRefused()) return <p className="dim">{t('browserRefuses')}</p>;
  return (
    <label className="check">
      <input
        type="checkbox"
        id="this-browser"
        checked={isOn}
        onChange={(e) => void setNotifications(e.target.checked).then(setOn)}
      />
      {t('bell')}
    </label>
  );
}

interface ChoicesProps {
  title: string;
  name: string;
  values: readonly string[];
  chosen: readonly string[];
  textOf: (value: string) => string;
}

/** Choices are check boxes of one name. */
function Choices({ title, name, values, chosen, textOf }: ChoicesProps) {
  return (
    <fieldset className="stack">
      <legend>{title}</legend>
      {values.map((value) => (
        <label key={value} className="check">
          <input type="checkbox" name={name} value={value} defaultChecked={chosen.includes(value)} />
          {textOf(value)}
        </label>
      ))}
    </fieldset>
  );
}

function Settings({ enabled, ways: chosenWays, kinds: chosenKinds, quietHours }: NotificationSettings) {
  const { api } = useSession();
  const queries = useQueryClient();
  const toasts = useToasts();
  const [run, error] = useAction();
  const [isOn, setOn] = useState(enabled);
  const [isQuiet, setQuiet] = useState(!!quietHours);
  const save = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const fields = new FormData(e.currentTarget);
    const settings = {
      enabled: isOn,
      ways: fields.getAll('ways'),
      kinds: fields.getAll('kinds'),
      quietHours: isQuiet ? { from: fields.get('from'), to: fields.get('to') } : null,
    };
    run(async () => {
      const stored = await api.call<NotificationSettings>('PUT', '/auth/notifications', settings);
      queries.setQueryData(keys.notifications, stored);
      toasts.done(t('saved'));
    });
  };
  return (
    <form className="stack" id="notifications" onSubmit={save}>
      <label className="check">
        <input type="checkbox" name="enabled" checked={isOn} onChange={(e) => setOn(e.target.checked)} />
        {t('notifyMe')}
      </label>
      <div className="stack" hidden={!isOn}>
        <Choices title={t('notifyHow')} name="ways" values={ways} chosen={chosenWays} textOf={(v) => tEnum('way', v)} />
        <Choices
          title={t('notifyOf')}
          name="kinds"
          values={kinds}
          chosen={chosenKinds}
          textOf={(v) => tEnum('notify', v)}
        />
        <label className="check">
          <input type="checkbox" name="quiet" checked={isQuiet} onChange={(e) => setQuiet(e.target.checked)} />
          {t('quietHours')}
        </label>
        {isQuiet && (
          <>
            <div className="buttons">
              <Field label={t('from')}>
                {(a) => <input name="from" type="time" required defaultValue={quietHours?.from ?? '22:00'} {...a} />}
              </Field>
              <Field label={t('until')}>
                {(a) => <input name="to" type="time" required defaultValue={quietHours?.to ?? '07:00'} {...a} />}
              </Field>
            </div>
            <p className="dim">{t('quietHoursHint')}</p>
          </>
        )}
      </div>
      <p className="error" role="alert">
        {error}
      </p>
      <p className="buttons">
        <button className="primary">{t('save')}</button>
      </p>
    </form>
  );
}
