// How to put the widget into a page: code with the website's own token, for each kind of page.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useWebsite } from '../../api/hooks';
import { keys } from '../../api/keys';
import { t } from '../../texts';
import { CopyButton } from '../../ui/settings';
import { moment } from '../../ui/time';
import { SettingsTabs } from '../settings/SettingsTabs';
import { useSession } from '../../api/session';
import { isAdmin } from '../team/roles';
import { NotFound } from '../NotFound';
import { snippetsFor } from './snippets';
import './widget.css';

const interval = 5_000; // milliseconds between two looks whether the widget was loaded

export function Page() {
  const { membership } = useSession();
  const website = useWebsite();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState(0);
  const isLoaded = !!website.widgetLoadedAt;
  useEffect(() => {
    if (isLoaded) return;
    // No event says that a browser has loaded the widget.
    const timer = setInterval(() => void queries.invalidateQueries({ queryKey: keys.website }), interval);
    return () => clearInterval(timer);
  }, [isLoaded]);
  if (!isAdmin(membership.role)) return <NotFound />;
  const all = snippetsFor(location.origin, website.clientToken);
  const { hint, code } = all[chosen]!;
  return (
    <main className="page">
      <h1>{t('installation')}</h1>
      <SettingsTabs />
      <p className={website.widgetLoadedAt ? 'dim' : 'note'} role="status">
        {website.widgetLoadedAt ? t('loadedSince', { time: moment(website.widgetLoadedAt) }) : t('notInstalled')}
      </p>
      <fieldset className="choices">
        <legend>{t('kindOfPage')}</legend>
        {all.map(({ name }, i) => (
          <label key={name} className="check">
            <input type="radio" name="snippet" checked={i === chosen} onChange={() => setChosen(i)} />
            {name}
          </label>
        ))}
      </fieldset>
      <section className="settings" aria-live="polite">
        <p>{t(hint)}</p>
        <pre tabIndex={0}>
          <code id="snippet">{code}</code>
        </pre>
        <p>
          <CopyButton key={code} text={code} />
        </p>
      </section>
    </main>
  );
}
