// Messages with the widget's subset of Markdown. A message becomes elements: a text is never markup.
import { createElement, memo, type ReactNode } from 'react';
import { parse, type Piece } from '../../../../services/widgets/web/src/markdown';

function node(piece: Piece, key: number): ReactNode {
  if (typeof piece === 'string') return piece;
  const { tag, attributes, content } = piece;
  return createElement(tag, { key, ...attributes }, ...content.map(node));
}

/** Markdown shows a message. */
export const Markdown = memo(({ text }: { text: string }) => parse(text).map(node));
