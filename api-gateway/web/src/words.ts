// The texts of the console in the agent's language. English defines the keys.
import de from './words/de.json';
import en from './words/en.json';
import es from './words/es.json';
import fr from './words/fr.json';

export type Words = typeof en;

const translations: Record<string, Words> = { en, de, es, fr };

export const language = navigator.languages.map((l) => l.split('-')[0]!).find((l) => translations[l]) || 'en';
export const w = translations[language]!;
