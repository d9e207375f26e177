// The texts of the console in the agent's language, as ICU messages. English defines the keys.
import { IntlMessageFormat } from 'intl-messageformat';
import type english from './en.json';

export type Key = keyof typeof english;
type Texts = Record<Key, string>;
type Values = Record<string, string | number | Date>;

const loaders: Record<string, () => Promise<{ default: Texts }>> = {
  de: () => import('./de.json'),
  en: () => import('./en.json'),
  es: () => import('./es.json'),
  fr: () => import('./fr.json'),
  it: () => import('./it.json'),
  ja: () => import('./ja.json'),
  nl: () => import('./nl.json'),
  pt: () => import('./pt.json'),
};

/** languages are the codes that the console has texts in. pt is the Portuguese of Brazil. */
export const languages = Object.keys(loaders);

/** language is the first of the browser's languages that the console has texts in. */
export const language = navigator.languages.map((l) => l.split('-')[0]!).find((l) => loaders[l]) || 'en';

let texts = {} as Texts;
const formats = new Map<Key, IntlMessageFormat>();

/** setTexts replaces the texts. */
export function setTexts(loaded: Texts) {
  texts = loaded;
  formats.clear();
}

/** loadTexts reads the texts of the language. Nothing is rendered before. */
export async function loadTexts() {
  setTexts((await loaders[language]!()).default);
}

/** t returns a text with its values. A text that can't be formatted is shown as it is. */
export function t(key: Key, values?: Values): string {
  const text = texts[key] ?? key;
  if (!text.includes('{')) return text.replaceAll("''", "'");
  try {
    let format = formats.get(key);
    if (!format) formats.set(key, (format = new IntlMessageFormat(text, language, undefined, { ignoreTag: true })));
    return String(format.format(values));
  } catch {
    return text;
  }
}

/** tEnum returns the text of a value of the API, or the value if it is newer than the console. */
export function tEnum(
  kind:
    | 'status'
    | 'priority'
    | 'role'
    | 'level'
    | 'sender'
    | 'ticketStatus'
    | 'channel'
    | 'assignment'
    | 'way'
    | 'notify'
    | 'mailState'
    | 'mailKind'
    | 'event'
    | 'delivery'
    | 'webhookDisabled',
  value: string,
): string {
  const key = `${kind}.${value}`;
  return key in texts ? t(key as Key) : value;
}
