// The texts of the console in the agent's language. English defines the keys.
import de from './texts/de.json';
import en from './texts/en.json';
import es from './texts/es.json';
import fr from './texts/fr.json';

type Texts = typeof en;

const translations: Record<string, Texts> = { en, de, es, fr };

export const language = navigator.languages.map((l) => l.split('-')[0]!).find((l) => translations[l]) || 'en';
export const texts = translations[language]!;
