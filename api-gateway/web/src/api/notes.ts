// The private notes of conversations, as the cache has them.
import type { QueryClient } from '@tanstack/react-query';
import type { Note } from '../../../../libs/web/api';
import { keys } from './keys';

/** applyNote adds a note to those of its conversation, or replaces it. Notes that weren't read stay unread. */
export function applyNote(queries: QueryClient, token: string, note: Note) {
  queries.setQueryData<Note[]>(keys.notes(token), (notes) => {
    const others = notes?.filter((n) => n.id !== note.id);
    return others && [...others, note].sort((a, b) => a.id - b.id);
  });
}

/** forgetNote removes a note from all conversations. */
export function forgetNote(queries: QueryClient, noteId: number) {
  for (const [queryKey, notes] of queries.getQueriesData<Note[]>({ queryKey: ['notes'] })) {
    if (!notes?.some((n) => n.id === noteId)) continue;
    const others = notes.filter((n) => n.id !== noteId);
    queries.setQueryData(queryKey, others);
  }
}
