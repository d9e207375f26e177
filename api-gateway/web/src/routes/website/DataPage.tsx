// The website's data: a download of each export.
import { useEffect, useRef, useState } from 'react';
import { readExport } from '../../api/export';
import { useWebsite } from '../../api/hooks';
import { useSession } from '../../api/session';
import { t, type Key } from '../../texts';
import { explain } from '../../ui/parts';
import { save } from '../../ui/save';
import { Section } from '../../ui/settings';
import { SettingsPage } from '../settings/SettingsPage';
import './website.css';

const kinds = ['conversations', 'messages', 'visitors', 'tickets'] as const satisfies Key[];
type Kind = (typeof kinds)[number];

export function Page() {
  const { plan } = useWebsite();
  return (
    <SettingsPage at="/settings/data">
      <Section title={t('download')}>
        <p className="dim">{t('exportHint')}</p>
        <ul className="list wide" id="exports">
          {kinds.map((kind) => (
            <li key={kind} className="bar row">
              <Export kind={kind} isAllowed={kind !== 'tickets' || plan === 'PRO'} />
            </li>
          ))}
        </ul>
      </Section>
      <Section title={t('erasure')}>
        <p>{t('erasureHint')}</p>
      </Section>
    </SettingsPage>
  );
}

interface ExportProps {
  kind: Kind;
  isAllowed: boolean;
}

function Export({ kind, isAllowed }: ExportProps) {
  const { api } = useSession();
  const [state, setState] = useState('');
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const run = async () => {
    running.current = new AbortController();
    const { signal } = running.current;
    let count = 0;
    setBusy(true);
    setError('');
    setState(t('rowsSoFar', { count }));
    try {
      const file = await readExport(
        api,
        `/export/${kind}`,
        (n) => setState(t('rowsSoFar', { count: (count = n) })),
        signal,
      );
      save(file, `${kind}.ndjson`);
      setState(t('rowsDone', { count }));
    } catch (err) {
      if (signal.aborted) return;
      setState('');
      setError(explain(err));
    }
    setBusy(false);
  };
  const label = t(kind);
  return (
    <>
      <span className="what">
        <b>{label}</b>
        <small role="status">{isAllowed ? state : t('needsPro')}</small>
        {error && (
          <small className="error" role="alert">
            {error}
          </small>
        )}
      </span>
      <button
        type="button"
        className="button"
        name={kind}
        disabled={!isAllowed || isBusy}
        aria-label={t('downloadNamed', { name: label })}
        onClick={() => void run()}
      >
        {t('download')}
      </button>
    </>
  );
}
