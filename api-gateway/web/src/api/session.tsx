// The session of a signed-in person in one website, as components see it.
import { QueryClient } from '@tanstack/react-query';
import { createContext, use } from 'react';
import type { Membership, Person } from '../../../../libs/web/api';
import { retryDelay } from '../../../../libs/web/sse';
import { isRefused, type Api } from './client';
import type { Live } from './live';

export interface Session {
  api: Api;
  live: Live;
  person: Person;
  membership: Membership;
  memberships: Membership[];
  isWritable: boolean;
  /** open opens another website of the person. */
  open: (membership: Membership) => void;
  /** created adds the membership of a new website and opens it. */
  created: (membership: Membership) => void;
  signOut: () => void;
}

export const SessionContext = createContext<Session | null>(null);

/** useSession returns the session. It is called below the shell only. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error('a component that needs a session is outside of the shell');
  return session;
}

const maxRetries = 3;
const keptUnused = 30 * 60_000; // milliseconds that the cache keeps what isn't on the screen

/**
 * newQueries makes the cache of one website. Nothing in it expires while events keep it up to date. A read that the
 * server refuses isn't repeated.
 */
export const newQueries = () =>
  new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Infinity,
        gcTime: keptUnused,
        networkMode: 'always', // without a network a read fails, and the page says so
        refetchOnReconnect: false,
        refetchOnWindowFocus: false,
        retry: (failures, err) => failures < maxRetries && !isRefused(err),
        retryDelay,
      },
    },
  });
