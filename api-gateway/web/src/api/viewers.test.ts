import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Api } from './client';
import { ada, FakeServer, nils } from './fakes';
import { keys } from './keys';
import { Viewers } from './viewers';

const A = 'POST /conversations/con_a/viewing';
const B = 'POST /conversations/con_b/viewing';

let queries: QueryClient;
let server: FakeServer;
let viewers: Viewers;

beforeEach(() => {
  vi.useFakeTimers();
  queries = new QueryClient();
  server = new FakeServer().on(A, undefined).on(B, undefined);
  viewers = new Viewers(server as unknown as Api, queries, ada.id, true);
});

afterEach(() => {
  queries.clear();
  vi.useRealTimers();
});

const reports = (operation: string) => server.bodies(operation).map((b) => b.viewing);
const shown = () => queries.getQueryData<number[]>(keys.viewers('con_a')) ?? [];

it('reports the conversation on the screen, and that it is left', () => {
  viewers.look('con_a');
  viewers.look('con_a');
  viewers.look('con_b');
  viewers.look('');
  viewers.look('');
  expect(reports(A)).toEqual([true, true, false]);
  expect(reports(B)).toEqual([true, false]);
});

it('shows other agents until they leave, or stop reporting', async () => {
  viewers.receive('con_a', ada.id, true);
  expect(shown()).toEqual([]);
  viewers.receive('con_a', nils.id, true);
  viewers.receive('con_a', 9, true);
  expect(shown()).toEqual([nils.id, 9]);
  viewers.receive('con_a', nils.id, false);
  expect(shown()).toEqual([9]);
  await vi.advanceTimersByTimeAsync(60_000);
  viewers.receive('con_a', 9, true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown()).toEqual([9]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(shown()).toEqual([]);
});

it('reports again to an agent that has just come, once', () => {
  viewers.look('con_a');
  viewers.receive('con_a', nils.id, true);
  viewers.receive('con_a', nils.id, true);
  viewers.receive('con_b', nils.id, true);
  expect(reports(A)).toEqual([true, true]);
  expect(reports(B)).toEqual([]);
});

it('reports nothing for a person who only reads', () => {
  viewers = new Viewers(server as unknown as Api, queries, ada.id, false);
  viewers.look('con_a');
  viewers.receive('con_a', nils.id, true);
  expect(reports(A)).toEqual([]);
  expect(shown()).toEqual([nils.id]);
});
