import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Api } from './client';
import { draftName, Drafts } from './drafts';
import { FakeServer, memoryStorage } from './fakes';
import { Keep } from './keep';
import { keys } from './keys';

let server: FakeServer;
let queries: QueryClient;

const DRAFT = '/conversations/con_a/draft';
const draft = (content: string, fields: object = {}) => ({
  conversationToken: 'con_a',
  kind: 'reply',
  content,
  updatedAt: '2026-01-01T00:00:00Z',
  ...fields,
});
const none = draft('', { updatedAt: null });

/** browser makes the drafts of a browser with a storage of its own. */
function browser(isWritable = true) {
  vi.stubGlobal('localStorage', memoryStorage());
  return reload(isWritable);
}
const reload = (isWritable = true) =>
  new Drafts(server as unknown as Api, (queries = new QueryClient()), new Keep('7'), isWritable);
const settle = () => vi.advanceTimersByTimeAsync(1_500);

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-01-02') });
  server = new FakeServer().on('GET /drafts', { data: [] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the browser', () => {
  it('keeps the text of each conversation until it is sent', () => {
    const drafts = browser();
    drafts.set('con_a', 'Dear V');
    drafts.set('con_b', 'Hi');
    expect([reload().of('con_a'), reload().of('con_b')]).toEqual(['Dear V', 'Hi']);
    expect(queries.getQueryData(keys.drafts)).toEqual({ con_a: 'Dear V', con_b: 'Hi' });
    reload().set('con_a', '');
    expect(reload().of('con_a')).toBe('');
    new Keep('7').clear();
    expect(reload().of('con_b')).toBe('');
  });

  it('drops the oldest texts at a bound', () => {
    const drafts = browser();
    for (let n = 0; n <= 50; n++) drafts.set('con_' + n, 'text');
    expect([drafts.of('con_0'), drafts.of('con_1')]).toEqual(['', 'text']);
  });
});

describe('the server', () => {
  it('gets a text once, after the agent has stopped, and hears that it is gone', async () => {
    const drafts = browser();
    server.on('PUT ' + DRAFT, draft('Dear Vera'));
    drafts.set('con_a', 'Dear');
    await vi.advanceTimersByTimeAsync(500);
    drafts.set('con_a', 'Dear Vera');
    await settle();
    expect(server.bodies('PUT ' + DRAFT)).toEqual([{ content: 'Dear Vera', kind: 'reply' }]);
    drafts.set('con_a', '');
    await settle();
    expect(server.bodies('DELETE ' + DRAFT)).toHaveLength(1);
  });

  it('gets notes as notes, and nothing of tickets or of viewers', async () => {
    const drafts = browser();
    server.on('PUT ' + DRAFT, draft('ask Nils', { kind: 'note' }));
    drafts.set(draftName('con_a', 'note'), 'ask Nils');
    drafts.set('ticket 5', 'text');
    reload(false).set('con_a', 'text');
    await settle();
    expect(server.requests.map((r) => [r.route, r.body])).toEqual([
      ['PUT ' + DRAFT, { content: 'ask Nils', kind: 'note' }],
    ]);
    expect(queries.getQueryData(keys.drafts)).toEqual({ con_a: 'text' });
  });

  it('leaves a text in the browser that it refuses', async () => {
    const drafts = browser();
    server.on('PUT ' + DRAFT, new Error('full'));
    drafts.set('con_a', 'Dear');
    await settle();
    expect(reload().of('con_a')).toBe('Dear');
  });
});

describe('another browser', () => {
  it('shows what was begun elsewhere, unless it has a later text', async () => {
    server.on('GET /drafts', { data: [draft('begun elsewhere')] });
    const drafts = browser();
    await drafts.start();
    expect(drafts.of('con_a')).toBe('begun elsewhere');
    drafts.set('con_a', 'later');
    await drafts.start();
    expect(drafts.of('con_a')).toBe('later');
  });

  it('takes the newer text when the conversation is opened', async () => {
    const drafts = browser();
    server.on('PUT ' + DRAFT, draft('first', { updatedAt: '2026-01-02T00:00:01Z' }));
    drafts.set('con_a', 'first');
    await settle();
    server.on('GET ' + DRAFT, draft('continued', { updatedAt: '2026-01-02T00:00:09Z' }));
    expect(await drafts.read('con_a')).toEqual({ reply: 'continued', note: '' });
  });

  it('drops what was sent elsewhere, and keeps what the server never had', async () => {
    const drafts = browser();
    server.on('PUT ' + DRAFT, draft('sent elsewhere'));
    drafts.set('con_a', 'sent elsewhere');
    await settle();
    drafts.set('con_b', 'only here');
    await drafts.start();
    expect([drafts.of('con_a'), drafts.of('con_b')]).toEqual(['', 'only here']);
    server.on('GET ' + DRAFT, none);
    expect((await drafts.read('con_a')).reply).toBe('');
  });
});
