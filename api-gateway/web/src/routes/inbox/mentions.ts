// Mentions of agents in a private note: `@` and the beginning of a name. All functions are pure.
import type { User } from '../../../../../libs/web/api';

const maxSuggestions = 6;
const maxMentions = 20; // of one note, as the server allows

const fold = (text: string) => text.toLocaleLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');

/** Begun is a mention that is being written: the letters after `@`, and where it begins in the text. */
export interface Begun {
  name: string;
  from: number;
}

/** begunMention returns the mention before the caret, or null. */
export function begunMention(text: string, caret: number): Begun | null {
  const match = /(?:^|\s)@([^\s@]{0,40}(?: [^\s@]{1,40})?)$/u.exec(text.slice(0, caret));
  if (!match) return null;
  const name = match[1]!;
  return { name, from: caret - name.length - 1 };
}

/** suggestions returns the agents whose names, or parts of them, begin like a mention. */
export function suggestions(users: readonly User[], name: string): User[] {
  const begin = fold(name);
  const fits = (u: User) => fold(u.name).startsWith(begin) || fold(u.name).includes(' ' + begin);
  return users.filter(fits).slice(0, maxSuggestions);
}

/** complete replaces a begun mention by the name of an agent. It returns the text and the caret after it. */
export function complete(text: string, begun: Begun, user: User): [string, number] {
  const mention = `@${user.name} `;
  const end = begun.from + 1 + begun.name.length;
  return [text.slice(0, begun.from) + mention + text.slice(end), begun.from + mention.length];
}

/** mentionsIn returns the ids of the agents that a text mentions. The longer of two names that fit counts. */
export function mentionsIn(text: string, users: readonly User[]): number[] {
  const found: number[] = [];
  let rest = text;
  for (const { id, name } of [...users].sort((a, b) => b.name.length - a.name.length)) {
    const mention = '@' + name;
    if (!rest.includes(mention)) continue;
    found.push(id);
    rest = rest.replaceAll(mention, ' ');
  }
  return found.slice(0, maxMentions);
}
