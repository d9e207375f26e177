// The texts of the widget. The English ones are part of the scripts, each those that it shows; another language is
// fetched once per page.
import { anonymous } from '../../../../libs/web/sse';
import type english from '../../internal/api/words/en.json';
import { close, open } from '../../internal/api/words/en.json';

export type Texts = typeof english;

/** KnownTexts are those of the launcher, and the others if the language isn't English. */
export type KnownTexts = Pick<Texts, 'open' | 'close'> & Partial<Texts>;

const launcherTexts: KnownTexts = { open, close };

const languages = 'en ar cs da de el es fr he hu id it ja ko nb nl pl pt-BR ro ru sv tr uk vi zh-CN zh-TW'.split(' ');
const fetchTimeout = 3_000; // milliseconds

/** tag writes a language as in BCP 47: pages also write pt_BR. */
const tag = (language: string) => language.trim().toLowerCase().replace(/_/g, '-');
const base = (language: string) => tag(language).split('-')[0]!;

/** Languages of other names, or that readers of this one understand. */
const aliases: Record<string, string> = { in: 'id', iw: 'he', nn: 'nb', no: 'nb' };

/** findLanguage returns an available language: exactly the wish, or one with its base and, for Chinese, its script. */
function findLanguage(wish: string): string | undefined {
  const wanted = tag(wish);
  const first = base(wish);
  if (first === 'zh') return /-(hant|(tw|hk|mo)$)/.test(wanted) && !/-hans/.test(wanted) ? 'zh-TW' : 'zh-CN';
  const wishedBase = aliases[first] || first;
  return languages.find((l) => tag(l) === wanted) || languages.find((l) => base(l) === wishedBase);
}

/** chooseLanguage returns the first wish that is available, or else English. */
export const chooseLanguage = (wishes: readonly string[]): string => wishes.map(findLanguage).find(Boolean) || 'en';

/** loadTexts returns the texts in a language. Those that the server doesn't deliver in time are English. */
export async function loadTexts(baseUrl: string, language: string): Promise<KnownTexts> {
  if (language === 'en') return launcherTexts;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), fetchTimeout);
  try {
    const response = await fetch(`${baseUrl}/widget-words/${language}`, { ...anonymous, signal: abort.signal });
    return { ...launcherTexts, ...(response.ok ? await response.json() : {}) };
  } catch {
    return launcherTexts;
  } finally {
    clearTimeout(timer);
  }
}

export const textDirection = (language: string) => (['ar', 'he'].includes(language) ? 'rtl' : 'ltr');
