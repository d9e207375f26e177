// What the widget says. English comes with the script, every other language is asked for, once.
import { anonymous } from '../../../../libs/web/sse';
import english from '../../internal/api/words/en.json';

export type Words = typeof english;

const languages = ['en', 'ar', 'de', 'es', 'fr', 'it', 'ja', 'nl', 'pl', 'pt-BR', 'ru', 'uk', 'zh-CN'];
const patience = 3_000; // milliseconds for another language to come

const base = (language: string) => language.toLowerCase().split('-')[0];

/** choose gives the best known language for wishes, the first wish first: the same, else one of the same base, else English. */
export function choose(wishes: readonly string[]): string {
  for (const wish of wishes) {
    const found =
      languages.find((l) => l.toLowerCase() === wish.toLowerCase()) || languages.find((l) => base(l) === base(wish));
    if (found) return found;
  }
  return 'en';
}

/** words gives a language's words; English where they do not come. */
export async function words(origin: string, language: string): Promise<Words> {
  if (language === 'en') return english;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), patience);
  try {
    const answer = await fetch(`${origin}/widget-words/${language}`, { ...anonymous, signal: abort.signal });
    return { ...english, ...(answer.ok ? await answer.json() : {}) };
  } catch {
    return english;
  } finally {
    clearTimeout(timer);
  }
}

export const direction = (language: string) => (language === 'ar' ? 'rtl' : 'ltr');
