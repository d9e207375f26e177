// All texts of the widget, for the panel's script. Those that the server didn't deliver are English.
import english from '../../internal/api/words/en.json';
import type { KnownTexts, Texts } from './i18n';

export type { Texts };

export const englishAnd = (known: KnownTexts): Texts => ({ ...english, ...known });
