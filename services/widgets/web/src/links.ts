// Addresses in a text become links.
// Web addresses, e-mail addresses and international telephone numbers. The bounds keep matching linear.
const address =
  /\bhttps?:\/\/[^\s<>"]{1,2000}|\bwww\.[^\s<>"]{1,2000}|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|\+\d(?:[ ()/.-]{0,2}\d){6,14}/gi;

const count = (text: string, character: string) => text.split(character).length;

/** trimmed leaves out punctuation and Markdown after an address, and a bracket that was opened before it. */
function trimmed(text: string): string {
  const end = text.replace(/[.,;:!?'"»”*_`]+$/, '');
  const hasOpened = end.endsWith(')') && count(end, ')') > count(end, '(');
  return hasOpened ? trimmed(end.slice(0, -1)) : end;
}

function target(text: string): string {
  if (text.startsWith('+')) return 'tel:' + text.replace(/[^+\d]/g, '');
  if (/^https?:/i.test(text)) return text;
  return (/^www\./i.test(text) ? 'https://' : 'mailto:') + text;
}

/** Part is a piece of a text; href is '' if it isn't an address. */
export interface Part {
  text: string;
  href: string;
}

/** parts splits a text at its addresses. Joined, the parts are the text. */
export function parts(text: string): Part[] {
  const found: Part[] = [];
  let end = 0;
  const push = (text: string, href: string) => text && found.push({ text, href });
  for (const match of text.matchAll(address)) {
    const link = trimmed(match[0]);
    push(text.slice(end, match.index), '');
    push(link, target(link));
    end = match.index! + link.length;
  }
  push(text.slice(end), '');
  return found;
}

/**
 * linkAttributes are those of a link. It opens in another tab, which gets no access to this page. Addresses are written
 * from left to right in all languages.
 */
export const linkAttributes = (href: string) => ({
  href,
  target: '_blank',
  rel: 'noopener noreferrer nofollow ugc',
  dir: 'ltr',
});
