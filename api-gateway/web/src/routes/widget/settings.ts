// The widget's settings as the form edits them. Lists that the API has as JSON in a string become rows.
import type { Widget, WidgetPatch } from '../../../../../libs/web/api';
import { contrast, readableColour } from '../../../../../libs/web/colour';

/** languages are the codes that the widget has texts in. */
export const languages = 'en ar cs da de el es fr he hu id it ja ko nb nl pl pt-BR ro ru sv tr uk vi zh-CN zh-TW'.split(
  ' ',
);

/** maxQuestions is the number of questions that the widget shows. */
export const maxQuestions = 10;

const minContrast = 4.5; // level AA of WCAG 2.2

/** Said is a message in a language, '' for any. */
export interface Said {
  lang: string;
  text: string;
}

/** Question is a question before the first message. Without a label, the widget has one for well-known names. */
export interface Question {
  name: string;
  label: string;
  type: string;
  required: boolean;
}

type Members = Record<string, unknown>;

function elementsOf(json: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(json);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** messagesOf returns the messages of a setting. */
export const messagesOf = (json: string): Said[] =>
  elementsOf(json).map((m) => {
    if (typeof m === 'string') return { lang: '', text: m };
    const { lang, text, message, content } = (m ?? {}) as Members;
    return { lang: textOf(lang), text: textOf(text || message || content) };
  });

/** jsonOfMessages is the setting of messages. */
export const jsonOfMessages = (all: Said[]): string =>
  JSON.stringify(all.map(({ lang, text }) => (lang ? { lang, text } : text)));

/** questionsOf returns the questions of a setting. */
export const questionsOf = (json: string): Question[] =>
  elementsOf(json).map((q) => {
    const { name, label, type, required } = (typeof q === 'string' ? { name: q } : (q ?? {})) as Members;
    return { name: textOf(name), label: textOf(label), type: textOf(type), required: !!required };
  });

/** jsonOfQuestions is the setting of questions. */
export const jsonOfQuestions = (all: Question[]): string =>
  JSON.stringify(
    all.map(({ name, label, type, required }) => ({
      name,
      ...(label && { label }),
      ...(type && { type }),
      ...(required && { required }),
    })),
  );

/** Member is a setting that a person can change. */
export type Member = Exclude<keyof WidgetPatch, 'websiteClientToken'> & keyof Widget;

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** changedMembers returns the names of the settings that differ. */
export const changedMembers = (from: Widget, to: Widget): Member[] =>
  (Object.keys(to) as Member[]).filter((name) => !isSame(from[name], to[name]));

/** pick returns a patch with some settings of a widget. */
export const pick = (from: Widget, names: Member[]): WidgetPatch =>
  Object.fromEntries(names.map((name) => [name, from[name]]));

/** colourPattern is the only form of a colour that the server takes. */
export const colourPattern = /#([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})/;

const wholeColour = new RegExp(`^${colourPattern.source}$`);

/** isColour reports whether the server takes a text as a colour. */
export const isColour = (text: string) => wholeColour.test(text);

/** Advice is the contrast of a text, and the colour that the widget shows it in if that is too low. */
export interface Advice {
  contrast: number;
  instead: 'black' | 'white' | null;
}

/** adviceOn compares the colours of a text and of its background. */
export function adviceOn(text: string, background: string): Advice {
  const ratio = Math.floor(contrast(text, background) * 10) / 10;
  if (ratio >= minContrast) return { contrast: ratio, instead: null };
  return { contrast: ratio, instead: readableColour(text, background) === '#ffffff' ? 'white' : 'black' };
}

/** pickerValue is a colour in the only form that a colour field takes: #rrggbb. */
export function pickerValue(colour: string): string {
  if (/^#[0-9a-f]{3,4}$/i.test(colour)) return '#' + [...colour.slice(1, 4)].map((c) => c + c).join('');
  return /^#[0-9a-f]{6}/i.test(colour) ? colour.slice(0, 7) : '#000000';
}
