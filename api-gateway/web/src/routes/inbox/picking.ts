// A canned reply that the agent is choosing: `/` and the letters after it. All functions are pure.

/** Begun is what the agent looks for: the letters after the slash, and where the slash is in the text. */
export interface Begun {
  search: string;
  from: number;
}

/** begunPick returns what is looked for before the caret, or null. The slash begins the text, or follows a blank line. */
export function begunPick(text: string, caret: number): Begun | null {
  const match = /(?:^|\n[^\S\n]*\n)\/([^\n/]{0,60})$/.exec(text.slice(0, caret));
  if (!match) return null;
  const search = match[1]!;
  return { search, from: caret - search.length - 1 };
}

/** insert replaces the slash and the letters after it. It returns the text and the caret after the inserted one. */
export function insert(text: string, { search, from }: Begun, inserted: string): [string, number] {
  const end = from + 1 + search.length;
  return [text.slice(0, from) + inserted + text.slice(end), from + inserted.length];
}
