// What components read from the cache.
import {
  keepPreviousData,
  skipToken,
  useInfiniteQuery,
  useQueries,
  useQuery,
  type QueryKey,
} from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import type {
  ConversationCounts,
  InboxCounts,
  InboxRow,
  Note,
  Statistics,
  TagList,
  Team,
  TeamList,
  User,
  Visitor,
  Website,
} from '../../../../libs/web/api';
import { path, query, type Api } from './client';
import { keys } from './keys';
import type { Typing } from './live';
import type { ListSpec } from './rows';
import { defaults, settingsQuery } from './notifications';
import { useSession } from './session';
import type { Upload } from '../../../../libs/web/uploads';
import type { Draft } from './thread';

const tick = 30_000; // milliseconds between two looks at the clock

/** useNotificationSettings returns what the person is notified of. They are read again when the window has the focus. */
export function useNotificationSettings() {
  const { api } = useSession();
  return useQuery({ ...settingsQuery(api), refetchOnWindowFocus: true }).data ?? defaults;
}

/** useNow returns the time in milliseconds since 1970, and renders again every 30 seconds. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tick);
    return () => clearInterval(timer);
  }, []);
  return Math.max(now, 0);
}

/** useGet reads a path into the cache. */
export function useGet<T>(queryKey: QueryKey, path: string) {
  const { api } = useSession();
  return useQuery({ queryKey, queryFn: ({ signal }) => api.get<T>(path, signal) });
}

/** useVisitor returns a visitor. Events keep it up to date. known is what another response has of the visitor. */
export function useVisitor(known: Visitor): Visitor {
  const { api } = useSession();
  const { token } = known;
  return useQuery({
    queryKey: keys.visitor(token),
    queryFn: ({ signal }) => api.get<Visitor>(path`/visitors/${token}`, signal),
    initialData: known,
  }).data;
}

export const useWebsite = () => useGet<Website>(keys.website, '/website').data!; // the shell has read it
export const useStatistics = () => useGet<Statistics>(keys.statistics, '/statistics/current').data;

/** useTags returns the stored names of the website's tags. */
export function useTags(): string[] {
  const { api } = useSession();
  const read = useQuery({ queryKey: keys.tags, queryFn: () => api.get<TagList>('/tags') });
  return read.data?.data.map((t) => t.name) ?? [];
}

/** Figures are the counts of today and of each view. */
export interface Figures extends InboxCounts {
  opened: number;
  closedToday: number;
}

/** useFigures returns the counts of each view, and of today from the browser's midnight on. */
export function useFigures(): Figures | undefined {
  const { api } = useSession();
  const read = useQuery({
    queryKey: keys.counts,
    queryFn: async ({ signal }) => {
      const midnight = new Date();
      midnight.setHours(0, 0, 0, 0);
      const since = query({ since: midnight.toISOString() });
      const [views, today] = await Promise.all([
        api.get<InboxCounts>('/inbox/counts', signal),
        api.get<ConversationCounts>('/conversations/counts' + since, signal),
      ]);
      return { ...views, opened: today.opened, closedToday: today.closed };
    },
  });
  return read.data;
}

const useLocal = <T>(queryKey: QueryKey) => useQuery<T>({ queryKey, queryFn: skipToken }).data;

export const useUsers = () => useLocal<User[]>(keys.users) ?? [];

const teamsAge = 60_000; // milliseconds: no event says that a team has changed

/** teamsQuery reads the website's teams by their names. */
export const teamsQuery = (api: Api) => ({
  queryKey: keys.teams,
  queryFn: async ({ signal }: { signal: AbortSignal }) => (await api.get<TeamList>('/teams', signal)).data,
  staleTime: teamsAge,
});

export const useTeams = (): Team[] => useQuery(teamsQuery(useSession().api)).data ?? [];

export const useConnected = () => useLocal<boolean>(keys.connection) ?? true;
export const useOutbox = (token: string) => useLocal<Draft[]>(keys.outbox(token)) ?? [];
export const useFiles = (token: string) => useLocal<readonly Upload[]>(keys.files(token)) ?? [];
export const useViewers = (token: string) => useLocal<number[]>(keys.viewers(token)) ?? [];
export const useTyping = (token: string) => useLocal<Typing>(keys.typing(token));

/** useDraft returns the beginning of the reply that the agent has begun in a conversation, '' for none. */
export const useDraft = (token: string) =>
  useQuery<Record<string, string>, Error, string>({
    queryKey: keys.drafts,
    queryFn: skipToken,
    select: (all) => all[token] ?? '',
  }).data ?? '';

/** useOnline reports whether a visitor is online. */
export function useOnline(visitorId: number): boolean {
  const now = useNow();
  return (useLocal<number>(keys.online(visitorId)) ?? 0) > Math.max(now, Date.now() - tick);
}

/** useRow returns a row. A row that the cache has dropped is read again. */
export function useRow(token: string): InboxRow | undefined {
  const { live } = useSession();
  return (
    useQuery({ queryKey: keys.row(token), queryFn: () => live.cache.readRow(token), enabled: !!token }).data ??
    undefined
  );
}

/** useThread reads the messages of a conversation. */
export function useThread(token: string) {
  const { live } = useSession();
  return useQuery({
    queryKey: keys.thread(token),
    queryFn: ({ signal }) => live.cache.readThread(token, signal),
  });
}

/** useNotes reads the private notes of a conversation. */
export const useNotes = (token: string) => useParts<Note>(keys.notes(token), path`/conversations/${token}/notes`);

interface Part<T> {
  data: T[];
  hasMore?: boolean;
}

/** useParts reads a list of the API whose next part is after the id of the last row. */
export function useParts<T extends { id: number }>(queryKey: QueryKey, at: string) {
  const { api } = useSession();
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const whole = await api.get<Part<T>>(at, signal);
      for (let part = whole; part.hasMore && part.data.length;) {
        part = await api.get<Part<T>>(at + query({ after: part.data.at(-1)!.id }), signal);
        whole.data.push(...part.data);
      }
      return whole.data;
    },
  });
}

/** useInboxList reads a list, and more of it by its cursor. A list that replaces another one shows that one meanwhile. */
export function useInboxList(spec: ListSpec, { keepsPrevious = false, retries = true } = {}) {
  const { live } = useSession();
  const read = useQuery({
    queryKey: keys.list(spec.name),
    queryFn: ({ signal }) => live.cache.readList(spec, signal),
    placeholderData: keepsPrevious ? keepPreviousData : undefined,
    ...(!retries && { retry: false }),
  });
  const [moreError, setMoreError] = useState<Error | null>(null);
  const readMore = useCallback(() => {
    setMoreError(null);
    return live.cache.readMore(spec).catch((err: Error) => setMoreError(err));
  }, [live, spec.name]);
  return { ...read, readMore, moreError };
}

interface PageOf<T> {
  data: T[];
  nextCursor: string | null;
  total: number | null;
}

/** usePages reads a list of the API page by page, by its cursor. */
export function usePages<T>(
  queryKey: QueryKey,
  path: string,
  values: Record<string, string> = {},
  { isFresh = false, every = 0 } = {},
) {
  const { api } = useSession();
  const read = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      api.get<PageOf<T>>(path + query({ ...values, limit: 50, cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    ...(isFresh && { staleTime: 0 }), // no event says that it has changed
    ...(every && { refetchInterval: every }), // milliseconds
  });
  return { ...read, rows: read.data?.pages.flatMap((p) => p.data) ?? [], total: read.data?.pages[0]?.total ?? null };
}

/** useRowSum adds up a figure of the rows that the cache has. */
export function useRowSum(tokens: string[], figureOf: (row: InboxRow) => number): number {
  return useQueries({
    queries: tokens.map((token) => ({ queryKey: keys.row(token), queryFn: skipToken })),
    combine: (rows) => rows.reduce((sum, { data }) => sum + (data ? figureOf(data as InboxRow) : 0), 0),
  });
}
