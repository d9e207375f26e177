// What the team sets up for itself: canned replies, saved views and macros. The functions at the end are pure.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { CannedReply, ConversationChange, InboxRow, Macro, SavedView } from '../../../../libs/web/api';
import { query, type Api } from './client';
import { useWebsite } from './hooks';
import { keys } from './keys';
import { useSession } from './session';

const pageSize = 100;
const maxPages = 10; // of macros: more than a person can see
const minSearch = 2; // letters; one letter isn't searched by its beginning

interface PageOf<T> {
  data: T[];
  nextCursor: string | null;
  hasNextPage: boolean;
}

async function readAll<T>(api: Api, path: string, signal: AbortSignal): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null = '', pages = 0; cursor !== null && pages < maxPages; pages++) {
    const page: PageOf<T> = await api.get(path + query({ limit: pageSize, cursor }), signal);
    all.push(...page.data);
    cursor = page.hasNextPage ? page.nextCursor : null;
  }
  return all;
}

/** useSavedViews returns the views in their order, and whether they have been read. */
export function useSavedViews(): { views: SavedView[]; isRead: boolean } {
  const { api } = useSession();
  const read = useQuery({
    queryKey: keys.savedViews,
    queryFn: async ({ signal }) => (await api.get<{ data: SavedView[] }>('/views', signal)).data,
  });
  return { views: read.data ?? [], isRead: !!read.data };
}

/** useMacros returns the macros by their names. */
export function useMacros(): Macro[] {
  const { api } = useSession();
  const read = useQuery({
    queryKey: keys.macros,
    queryFn: async ({ signal }) => {
      const all = await readAll<Macro>(api, '/macros', signal);
      return all.sort((a, b) => a.name.localeCompare(b.name));
    },
  });
  return read.data ?? [];
}

/** useReplies returns the canned replies that fit a text, the best first. It asks the server if there are many. */
export function useReplies(text: string, isEnabled: boolean): CannedReply[] {
  const { api } = useSession();
  const read = (search: string) => (args: { signal: AbortSignal }) =>
    api.get<PageOf<CannedReply>>('/canned-replies' + query({ limit: pageSize, search }), args.signal);
  const newest = useQuery({ queryKey: keys.replies(''), queryFn: read(''), enabled: isEnabled });
  const asks = isEnabled && !!newest.data?.hasNextPage && text.length >= minSearch && !text.includes('"');
  const found = useQuery({
    queryKey: keys.replies(text),
    queryFn: read(text),
    enabled: asks,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const known = new Map([...(newest.data?.data ?? []), ...((asks && found.data?.data) || [])].map((r) => [r.id, r]));
  return matching([...known.values()], text);
}

/** useValues returns the values of variables in a conversation. */
export function useValues(row: InboxRow | undefined): Record<string, string> {
  const { live } = useSession();
  const website = useWebsite();
  return {
    'visitor.name': row?.visitor?.name ?? '',
    'agent.name': live.agent?.name ?? '',
    'website.name': website.name,
  };
}

const fold = (text: string) => text.toLocaleLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');

/** matching returns the replies that have all words of a text. Those whose shortcut begins with it come first. */
export function matching(replies: CannedReply[], text: string): CannedReply[] {
  const words = fold(text).split(/\s+/).filter(Boolean);
  const isDirect = (r: CannedReply) => r.shortcut.startsWith(fold(text));
  return replies
    .filter((r) => words.every((w) => fold(`${r.shortcut} ${r.title} ${r.folder ?? ''} ${r.text}`).includes(w)))
    .sort((a, b) => Number(isDirect(b)) - Number(isDirect(a)) || b.uses - a.uses || a.id - b.id);
}

/** render fills in the variables of a text, as the server does: without a value, its fallback, or nothing. */
export const render = (text: string, values: Record<string, string>): string =>
  text.replace(/\{\{([\s\S]*?)\}\}/g, (_, inner: string) => {
    const at = inner.indexOf('|');
    const name = (at < 0 ? inner : inner.slice(0, at)).trim();
    return values[name] || (at < 0 ? '' : inner.slice(at + 1).trim());
  });

const minute = 60_000; // milliseconds

/** changeOf returns the change of a conversation that a macro makes for an agent, at a time in milliseconds. */
export function changeOf({ actions }: Macro, userId: number, now: number): ConversationChange {
  const { status, assigneeId, teamId, addTags, removeTags, snoozeMinutes } = actions;
  return {
    ...(status && { status }),
    ...(assigneeId && { assigneeId: assigneeId === 'none' ? null : assigneeId === 'me' ? userId : Number(assigneeId) }),
    ...(teamId && { teamId: teamId === 'none' ? null : Number(teamId) }),
    ...(addTags?.length && { addTags }),
    ...(removeTags?.length && { removeTags }),
    ...(snoozeMinutes && { snoozedUntil: new Date(now + snoozeMinutes * minute).toISOString() }),
  };
}
