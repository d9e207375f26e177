// A subset of Markdown in messages: bold, italic, code, code blocks and lists. Everything else stays as it was written.
// Messages become nodes: a text is never markup.
import { el } from './dom';
import { linkAttributes, parts } from './links';

/** Piece is text, or an element of a fixed set. */
export type Piece = string | { tag: Tag; attributes?: Record<string, string>; content: Piece[] };
type Tag = 'a' | 'strong' | 'em' | 'code' | 'pre' | 'ul' | 'ol' | 'li';

// Code, bold and italic. Single marks count at the edges of words only: 2*3*4 and snake_case stay. The bounds keep
// matching linear. Lookbehind isn't used: Safari has it since 2023 only.
const span =
  /(`{1,3})([^`\n]{1,1000})\1|\*\*(?! )([^\n]{1,1000}?)\*\*|(^|[^\w*])\*(?![ *])([^*\n]{1,1000})\*(?![\w*])|(^|[^\w])_(?![ _])([^\n]{1,1000}?)_(?!\w)/g;

const fence = /^ {0,3}```[^`]{0,100}$/;
const item = /^ {0,3}(?:[-*+•]|(\d{1,9})[.)]) +(?=\S)/;

const isInline = ['a', 'strong', 'em', 'code'];

/** linked makes the addresses of a text links. */
const linked = (text: string): Piece[] =>
  parts(text).map(({ text, href }) => (href ? { tag: 'a', attributes: linkAttributes(href), content: [text] } : text));

/** inline parses a text without blocks. Marks inside an address belong to the address. */
function inline(text: string): Piece[] {
  const pieces: Piece[] = [];
  const links: [number, number][] = [];
  let at = 0;
  for (const part of parts(text)) {
    if (part.href) links.push([at, at + part.text.length]);
    at += part.text.length;
  }
  let end = 0;
  const next = new RegExp(span);
  for (let m = next.exec(text); m; m = next.exec(text)) {
    const [all, , code, bold, beforeStar, star, beforeLine, line] = m;
    const from = m.index + (beforeStar || beforeLine || '').length;
    while (links[0] && links[0][1] <= from) links.shift();
    if (links[0] && links[0][0] <= from) {
      next.lastIndex = links[0][1];
      continue;
    }
    const content = code || bold || star || line || '';
    if (!code && /\s$/.test(content)) {
      next.lastIndex = from + 1;
      continue;
    }
    pieces.push(...linked(text.slice(end, from)));
    if (code) pieces.push({ tag: 'code', content: [code] });
    else pieces.push({ tag: bold ? 'strong' : 'em', content: inline(content) });
    end = m.index + all.length;
  }
  return [...pieces, ...linked(text.slice(end))];
}

/** parse splits a message into pieces. */
export function parse(text: string): Piece[] {
  const pieces: Piece[] = [];
  const lines = text.split('\n');
  let plain: string[] = [];
  const flush = () => {
    if (plain.join('')) pieces.push(...inline(plain.join('\n').replace(/^\n+|\n+$/g, '')));
    plain = [];
  };
  for (let i = 0; i < lines.length;) {
    const first = item.exec(lines[i]!);
    if (fence.test(lines[i]!)) {
      flush();
      let end = i + 1;
      while (end < lines.length && !/^ {0,3}``` *$/.test(lines[end]!)) end++;
      pieces.push({ tag: 'pre', content: [{ tag: 'code', content: [lines.slice(i + 1, end).join('\n')] }] });
      i = end + 1;
    } else if (first) {
      flush();
      const content: Piece[] = [];
      const tag = first[1] ? 'ol' : 'ul';
      for (let m = item.exec(lines[i]!); m && !m[1] === !first[1]; m = item.exec(lines[i] ?? '')) {
        content.push({ tag: 'li', content: inline(lines[i++]!.slice(m[0].length)) });
      }
      pieces.push({ tag, content, ...(first[1] && { attributes: { start: first[1] } }) });
    } else plain.push(lines[i++]!);
  }
  flush();
  return pieces;
}

const joined = (pieces: Piece[]): string =>
  pieces
    .map((p) => {
      if (typeof p === 'string') return p;
      const text = joined(p.content);
      return isInline.includes(p.tag) ? text : ` ${text} `;
    })
    .join('');

/** plain is the text of a message without marks, in one line. */
export const plain = (text: string) => joined(parse(text)).replace(/\s+/g, ' ').trim();

const node = (piece: Piece): Node | string =>
  typeof piece === 'string' ? piece : el(piece.tag, '', piece.attributes, ...piece.content.map(node));

/** rendered returns the nodes of a message. */
export const rendered = (text: string) => parse(text).map(node);
