// The texts of the widget. English is part of the script; another language is fetched once per page.
import { anonymous } from '../../../../libs/web/sse';
import english from '../../internal/api/words/en.json';

export type Texts = typeof english;

const languages = ['en', 'ar', 'de', 'es', 'fr', 'it', 'ja', 'nl', 'pl', 'pt-BR', 'ru', 'uk', 'zh-CN'];
const fetchTimeout = 3_000; // milliseconds

/** tag writes a language as in BCP 47: pages also write pt_BR. */
const tag = (language: string) => language.trim().toLowerCase().replace(/_/g, '-');
const base = (language: string) => tag(language).split('-')[0];

/** chooseLanguage returns the first wish that is available, exactly or by its base language, or else English. */
export function chooseLanguage(wishes: readonly string[]): string {
  for (const wish of wishes) {
    const exact = languages.find((l) => tag(l) === tag(wish));
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
