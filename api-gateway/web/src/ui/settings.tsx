// Parts of the pages with settings.
import { useState, type ReactNode } from 'react';
import { t } from '../texts';
import { explain } from './parts';

/** useAction returns a function that runs an action and keeps its error for the person, and that error. */
export function useAction(): [(action: () => Promise<unknown>) => void, string] {
  const [error, setError] = useState('');
  return [
    (action) => {
      setError('');
      action().catch((err) => setError(explain(err)));
    },
    error,
  ];
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="settings">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** CopyButton copies a text. */
export function CopyButton({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => {
        /* the person can select the text */
      },
    );
  return (
    <button type="button" className="link" onClick={copy}>
      {isCopied ? t('copied') : t('copy')}
    </button>
  );
}

/** Secret shows a text that the server sends once. */
export function Secret({ label, text }: { label: string; text: string }) {
  return (
    <div className="warning" role="status">
      <strong>{label}</strong>
      <p className="code">
        <code>{text}</code>
        <CopyButton text={text} />
      </p>
    </div>
  );
}
