// The live preview: the real widget in a sandboxed frame, with the settings of the form.
import { useEffect, useState } from 'react';
import type { Widget } from '../../../../../libs/web/api';
import type { Preview, PreviewState } from '../../preview';
import { language as ownLanguage, t } from '../../texts';
import { languages } from './settings';

const delay = 300; // milliseconds from the last change to the next preview
const states = {
  closed: 'previewClosed',
  first: 'previewFirst',
  chat: 'previewChat',
  away: 'previewAway',
  rating: 'previewRating',
} as const satisfies Record<PreviewState, string>;

const nameOf = (code: string) => new Intl.DisplayNames([ownLanguage], { type: 'language' }).of(code) ?? code;

/** LanguageOptions are the languages of the widget, by their names in the agent's. */
export function LanguageOptions() {
  return languages.map((code) => (
    <option key={code} value={code}>
      {nameOf(code)}
    </option>
  ));
}

/** useSettled returns a value once it hasn't changed for a moment. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delay);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

interface PreviewFrameProps {
  settings: Widget;
  agent: string;
}

export function PreviewFrame({ settings, agent }: PreviewFrameProps) {
  const [state, setState] = useState<PreviewState>('first');
  const [language, setLanguage] = useState(() => languages.find((l) => l.split('-')[0] === ownLanguage) ?? 'en');
  const [isDark, setDark] = useState(false);
  const [isPhone, setPhone] = useState(false);
  const sample = { agent, question: t('previewQuestion'), answer: t('previewAnswer') };
  const message = useSettled(JSON.stringify({ settings, language, state, isDark, ...sample } satisfies Preview));
  return (
    <section className="widget-preview" aria-label={t('preview')}>
      <div className="bar">
        <select aria-label={t('previewState')} value={state} onChange={(e) => setState(e.target.value as PreviewState)}>
          {Object.entries(states).map(([value, label]) => (
            <option key={value} value={value}>
              {t(label)}
            </option>
          ))}
        </select>
        <select aria-label={t('language')} value={language} onChange={(e) => setLanguage(e.target.value)}>
          <LanguageOptions />
        </select>
        <label className="check">
          <input type="checkbox" checked={isDark} onChange={(e) => setDark(e.target.checked)} />
          {t('themeDark')}
        </label>
        <label className="check">
          <input type="checkbox" checked={isPhone} onChange={(e) => setPhone(e.target.checked)} />
          {t('phone')}
        </label>
      </div>
      <iframe
        key={message}
        src="/console/preview"
        sandbox="allow-scripts"
        title={t('preview')}
        className={isPhone ? 'phone' : ''}
        onLoad={(e) => e.currentTarget.contentWindow?.postMessage(JSON.parse(message), '*')}
      />
      <p className="dim">{t(settings.chatEnabled ? 'previewHint' : 'chatIsOff')}</p>
    </section>
  );
}
