// The picture of an author: initials in a coloured circle, below a picture if there is one.
import { el, image } from './dom';

const colours = 6; // classes of the style sheet

/** initials returns the first letters of the first and of the last word of a name. */
export function initials(name: string): string {
  const letters = name.match(/[\p{L}\p{N}][^\s]*/gu)?.map((word) => [...word][0]!) || [];
  return (letters.length > 1 ? letters[0]! + letters[letters.length - 1]! : letters[0] || '?').toLocaleUpperCase();
}

/** colourOf is the same for the same name. */
export const colourOf = (name: string) => [...name].reduce((sum, c) => sum + c.codePointAt(0)!, 0) % colours;

export const face = (name: string, pictureUrl?: string | null) =>
  el('span', 'face colour' + colourOf(name), { 'aria-hidden': 'true' }, initials(name), ...image(pictureUrl));
