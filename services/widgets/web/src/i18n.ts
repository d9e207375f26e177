// The texts of the widget. English is part of the script; another language is fetched once per page.
import { anonymous } from '../../../../libs/web/sse';
import english from '../../internal/api/words/en.json';

export type Texts = typeof english;

const languages = ['en', 'ar', 'de', 'es', 'fr', 'it', 'ja', 'nl', 'pl', 'pt-BR', 'ru', 'uk', 'zh-CN'];
const fetchTimeout = 3_000; // milliseconds

const base = (language: string) => language.toLowerCase().split('-')[0];

/** chooseLanguage returns the first wish that is available, exactly or by its base language, or else English. */
export function chooseLanguage(wishes: readonly string[]): string {
  for (const wish of wishes) {
    const exact = languages.find((l) => l.toLowerCase() === wish.toLowerCase());
    const match = exact || languages.find((l) => base(l) === base(wish));
    if (match) return match;
  }
  return 'en';
}

/** loadTexts returns the texts in a language, or the English ones if the server doesn't deliver them in time. */
export async function loadTexts(baseUrl: string, language: string): Promise<Texts> {
  if (language === 'en') return english;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), fetchTimeout);
  try {
    const response = await fetch(`${baseUrl}/widget-words/${language}`, { ...anonymous, signal: abort.signal });
    return { ...english, ...(response.ok ? await response.json() : {}) };
  } catch {
    return english;
  } finally {
    clearTimeout(timer);
  }
}

export const textDirection = (language: string) => (language === 'ar' ? 'rtl' : 'ltr');
