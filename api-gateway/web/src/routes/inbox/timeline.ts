// What the log of a conversation shows, in order: days, authors, messages, and the agents who joined.
import type { Message, Note } from '../../../../../libs/web/api';
import type { Assignment, ThreadState } from '../../api/thread';

export type Side = 'own' | 'theirs' | 'note';

export type Entry =
  | { kind: 'day'; key: string; day: string }
  | { kind: 'joined'; key: string; name: string }
  | { kind: 'author'; key: string; side: Side; name: string; at: string; isByProgram: boolean }
  | { kind: 'message'; key: string; side: Side; message: Message }
  | { kind: 'note'; key: string; note: Note }
  | { kind: 'read'; key: string };

const sides: Record<Message['senderType'], Side> = { USER: 'own', VISITOR: 'theirs', SYSTEM: 'note' };

/**
 * timeline names the author once above consecutive messages, and says if a program wrote for them. Private notes are
 * between the messages. dayOf formats the day of a time.
 */
export function timeline(
  { messages, assignments }: ThreadState,
  notes: readonly Note[],
  hasDrafts: boolean,
  authorOf: (message: Message) => string,
  dayOf: (at: string) => string,
): Entry[] {
  const entries: Entry[] = [];
  const pending = [...assignments];
  const joined = new Set<string>();
  const join = ({ at, name }: Assignment) => {
    if (joined.has(name)) return;
    joined.add(name);
    entries.push({ kind: 'joined', key: 'j' + at + name, name });
  };
  const lastOwn = messages.findLast((m) => m.senderType === 'USER');
  let previousDay = '';
  let previousAuthor = '';
  let wasByProgram = false;
  const reach = (at: string, key: string) => {
    const day = dayOf(at);
    if (day !== previousDay) entries.push({ kind: 'day', key: 'd' + key, day });
    previousDay = day;
    while (pending.length && pending[0]!.at <= at) join(pending.shift()!);
  };
  const ahead = [...notes];
  const write = (note: Note) => {
    reach(note.createdAt, 'n' + note.id);
    entries.push({ kind: 'note', key: 'n' + note.id, note });
    previousAuthor = '';
  };
  for (const message of messages) {
    const { id, createdAt, senderType } = message;
    while (ahead.length && Date.parse(ahead[0]!.createdAt) < Date.parse(createdAt)) write(ahead.shift()!);
    const countBefore = entries.length;
    reach(createdAt, String(id));
    const author = authorOf(message);
    const isByProgram = !!message.byProgram;
    if (senderType === 'USER' && !isByProgram) join({ at: createdAt, name: author });
    const isInterrupted = entries.length > countBefore;
    const side = sides[senderType];
    if (isInterrupted || author !== previousAuthor || isByProgram !== wasByProgram) {
      entries.push({ kind: 'author', key: 'a' + id, side, name: author, at: createdAt, isByProgram });
    }
    previousAuthor = author;
    wasByProgram = isByProgram;
    entries.push({ kind: 'message', key: String(id), side, message });
    if (message === lastOwn && message.read && !hasDrafts) entries.push({ kind: 'read', key: 'r' + id });
  }
  ahead.forEach(write);
  pending.forEach(join);
  return entries;
}
