// The private notes of conversations, as the cache has them.
import type { QueryClient } from '@tanstack/react-query';
import type { Note } from '../../../../libs/web/api';
import { change } from './change';
import { keys } from './keys';

/** applyNote adds a note to those of its conversation, or replaces it. Notes that weren't read stay unread. */
export function applyNote(queries: QueryClient, token: string, note: Note) {
  change<Note[]>(queries, keys.notes(token), (notes) =>
    [...notes.filter((n) => n.id !== note.id), note].sort((a, b) => a.id - b.id),
  );
}

/** forgetNote removes a note from all conversations. */
export function forgetNote(queries: QueryClient, noteId: number) {
  for (const [queryKey] of queries.getQueriesData<Note[]>({ queryKey: ['notes'] })) {
    change<Note[]>(queries, queryKey, (notes) =>
      notes.some((n) => n.id === noteId) ? notes.filter((n) => n.id !== noteId) : notes,
    );
  }
}
