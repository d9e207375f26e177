// What is shown of the files of a message. All functions are pure.
import type { Attachment } from './api';

const longestExtension = 5; // characters: a longer one is a part of the name

/** namesOf is the content of a message whose author has written no text. Clients that don't show files show it. */
export const namesOf = (files: readonly Pick<Attachment, 'name'>[]) => files.map(({ name }) => name).join('\n');

/** textOf returns the text that is shown beside the files of a message: '' if it only has their names. */
export const textOf = (content: string, files: readonly Pick<Attachment, 'name'>[]) =>
  files.length && content === namesOf(files) ? '' : content;

/** sizeOf returns a number of bytes as a person reads it, like "48 kB" or "1.2 MB". */
export function sizeOf(bytes: number, language: string): string {
  const kilobytes = Math.max(1, Math.round(bytes / 1_000));
  const isLarge = kilobytes >= 1_000;
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: isLarge ? 'megabyte' : 'kilobyte',
    maximumFractionDigits: isLarge ? 1 : 0,
  }).format(isLarge ? bytes / 1_000_000 : kilobytes);
}

/** kindOf names the type of a file as its name does, like "PDF", or as its media type does. */
export function kindOf({ name, type }: Pick<Attachment, 'name' | 'type'>): string {
  const [, extension = ''] = /[^.]\.(\w+)$/.exec(name) ?? [];
  const named = extension.length <= longestExtension ? extension : '';
  return (named || type.replace(/.*\//, '')).toUpperCase();
}

/** factsOf returns the type and the size of a file, like "PDF · 48 kB". */
export const factsOf = (file: Pick<Attachment, 'name' | 'type' | 'size'>, language: string) =>
  [kindOf(file), sizeOf(file.size, language)].filter(Boolean).join(' · ');
