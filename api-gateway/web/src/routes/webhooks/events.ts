// The types of events that a webhook can receive, and the choice among them.
import type { Key } from '../../texts';

/** groups are all types, as the form shows them. */
export const groups: { label: Key; types: string[] }[] = [
  {
    label: 'conversations',
    types: [
      'conversation.opened',
      'message.created',
      'conversation.updated',
      'conversation.rated',
      'conversation.read',
      'inbox.updated',
      'conversation.erased',
      'conversations.imported',
    ],
  },
  { label: 'notes', types: ['note.created', 'note.updated', 'note.deleted'] },
  {
    label: 'visitors',
    types: [
      'visitor.created',
      'visitor.updated',
      'visitor.blocked',
      'visitor.unblocked',
      'visitor.erased',
      'visitor.note_created',
      'visitor.note_updated',
      'visitor.note_deleted',
      'visitors.imported',
    ],
  },
  { label: 'tickets', types: ['ticket.created', 'ticket.updated', 'ticket.message_created', 'ticket.deleted'] },
];

/** every is the choice of all types, also of future ones. */
export const every = '*';

const types = groups.flatMap((g) => g.types);

const matches = (wanted: string, type: string) =>
  wanted === type || (wanted.endsWith('*') && type.startsWith(wanted.slice(0, -1)));

/** includes reports whether a choice has a type, by its name, by a group like `ticket.*`, or by `*`. */
export const includes = (wanted: string[], type: string) => wanted.some((w) => matches(w, type));

/** toggled adds a type to a choice or removes it. A group that has the type becomes the other types that it has. */
export function toggled(wanted: string[], type: string): string[] {
  if (!includes(wanted, type)) return [...wanted, type];
  const kept = wanted.filter((w) => !matches(w, type));
  const rest = types.filter((t) => t !== type && includes(wanted, t) && !includes(kept, t));
  return [...kept, ...rest];
}
