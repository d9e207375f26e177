import { describe, expect, it } from 'vitest';
import { changeAll, undoOf } from './bulk';
import type { Api } from './client';
import { FakeServer, row } from './fakes';

describe('changeAll', () => {
  it('sends at most 100 conversations at once, and says which were refused', async () => {
    const tokens = Array.from({ length: 150 }, (_, n) => 'con_' + n);
    const answer = (from: number, to: number, error: object | null) => ({
      data: tokens.slice(from, to).map((token) => ({ token, error })),
    });
    const server = new FakeServer().on(
      'PATCH /inbox',
      answer(0, 100, null),
      answer(100, 150, { code: 'gone', message: 'is gone' }),
    );
    const done = await changeAll(server as unknown as Api, tokens, { status: 'CLOSED' });
    expect(server.bodies('PATCH /inbox').map((b) => (b.tokens as string[]).length)).toEqual([100, 50]);
    expect([done.tokens.length, done.failures.length, done.failures[0]!.reason]).toEqual([100, 50, 'is gone']);
  });
});

describe('undoOf', () => {
  const rows = [
    row('con_a', { tags: ['stock'], assigneeId: 7 }),
    row('con_b', { tags: [], assigneeId: null }),
    row('con_c', { tags: [], assigneeId: null }),
  ];

  it('groups the rows that were equal', () => {
    expect(undoOf(rows, { assigneeId: 8 })).toEqual([
      { tokens: ['con_a'], change: { assigneeId: 7 } },
      { tokens: ['con_b', 'con_c'], change: { assigneeId: null } },
    ]);
  });

  it('gives the teams back', () => {
    expect(undoOf([row('con_a', {}, { teamId: 3 }), row('con_b')], { teamId: 4 })).toEqual([
      { tokens: ['con_a'], change: { teamId: 3 } },
      { tokens: ['con_b'], change: { teamId: null } },
    ]);
  });

  it('removes tags only from the rows that got them', () => {
    expect(undoOf(rows, { addTags: ['stock'] })).toEqual([
      { tokens: ['con_b', 'con_c'], change: { removeTags: ['stock'] } },
    ]);
  });

  it('takes back spam with the status before it', () => {
    expect(undoOf([rows[0]!], { spam: true })).toEqual([
      { tokens: ['con_a'], change: { spam: false, status: 'OPEN' } },
    ]);
  });
});
