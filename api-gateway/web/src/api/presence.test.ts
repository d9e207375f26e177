import { QueryClient } from '@tanstack/react-query';
import { beforeEach, expect, it, vi } from 'vitest';
import type { User } from '../../../../libs/web/api';
import { ApiError, type Api } from './client';
import { ada, FakeServer, nils } from './fakes';
import { keys } from './keys';
import { Presence } from './presence';

const BEAT = 'POST /users/7/heartbeat';
const STATUS = 'PUT /users/7/status';

let queries: QueryClient;
let server: FakeServer;
let presence: Presence;

beforeEach(() => {
  queries = new QueryClient();
  server = new FakeServer()
    .on('GET /users', { data: [ada, nils] })
    .on(BEAT, undefined)
    .on(STATUS, { ...ada, status: 'away' });
  presence = new Presence(server as unknown as Api, queries, ada.id, true);
});

const beats = () => server.bodies(BEAT).map((b) => b.active);
const statuses = () => queries.getQueryData<User[]>(keys.users)?.map((u) => u.status);

it('says once that the agent does something, and at once after they were idle', () => {
  presence.act();
  presence.beat();
  presence.act();
  presence.act();
  presence.beat();
  presence.beat();
  presence.act();
  presence.act();
  presence.beat();
  expect(beats()).toEqual([true, true, false, true, true]);
});

it('reports nothing for a person who only reads', () => {
  presence = new Presence(server as unknown as Api, queries, ada.id, false);
  presence.beat();
  presence.act();
  expect(beats()).toEqual([]);
});

it('shows the status of each agent', async () => {
  await presence.read();
  presence.note(nils.id, 'online');
  expect(statuses()).toEqual([undefined, 'online']);
  await presence.choose('away');
  expect(server.bodies(STATUS)).toEqual([{ status: 'away' }]);
  expect(statuses()).toEqual(['away', 'online']);
  presence.note(99, 'online');
  expect(statuses()).toEqual(['away', 'online']);
});

it('reads its own status after the first heartbeat only', async () => {
  const now = (status: string) => ({ data: [{ ...ada, status }, nils] });
  server.on('GET /users', now('offline'), now('online'));
  await presence.read();
  presence.beat();
  await vi.waitFor(() => expect(statuses()?.[0]).toBe('online'));
  presence.beat();
  await Promise.resolve();
  expect(server.bodies('GET /users')).toHaveLength(2);
});

it('keeps the status if the server refuses another one', async () => {
  await presence.read();
  server.on(STATUS, new ApiError(503, '', 'away'));
  await expect(presence.choose('away')).rejects.toThrow('away');
  expect(statuses()).toEqual([undefined, undefined]);
});
