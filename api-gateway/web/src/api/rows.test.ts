import { describe, expect, it } from 'vitest';
import type { InboxRow } from '../../../../libs/web/api';
import { ada, conversation, message, nils, row } from './fakes';
import {
  append,
  applyAside,
  applyConversation,
  applyMessage,
  isOverdue,
  orders,
  place,
  type ListSpec,
  type ListState,
} from './rows';

const at = (second: number) => `2026-01-01T00:00:0${second}Z`;

describe('applyConversation', () => {
  it('replaces the conversation and its assignee', () => {
    const changed = applyConversation(row('a'), conversation('a', { assigneeId: 8 }), [ada, nils]);
    expect([changed.conversation.assigneeId, changed.assignee?.name]).toEqual([8, 'Nils']);
    expect(applyConversation(changed, conversation('a'), [nils]).assignee).toBeNull();
    expect(applyConversation(row('a'), conversation('a', { assigneeId: 99 }), [ada]).assignee).toBeNull();
  });

  it('has no visitor waiting in a closed conversation', () => {
    const waits = row('a', {}, { waitingSince: at(1) });
    expect(applyConversation(waits, conversation('a'), []).waitingSince).toBe(at(1));
    expect(applyConversation(waits, conversation('a', { status: 'CLOSED' }), []).waitingSince).toBeNull();
  });
});

describe('applyAside', () => {
  it('changes what is given', () => {
    const snoozed = applyAside(row('a'), { snoozedUntil: at(9) });
    expect([snoozed.snoozedUntil, snoozed.spam]).toEqual([at(9), false]);
    expect(applyAside(snoozed, { spam: true })).toMatchObject({ snoozedUntil: at(9), spam: true });
    expect(applyAside(snoozed, { snoozedUntil: null }).snoozedUntil).toBeNull();
  });

  it('snoozes no closed conversation', () => {
    const snoozed = row('a', {}, { snoozedUntil: at(9) });
    expect(applyConversation(snoozed, conversation('a', { status: 'CLOSED' }), []).snoozedUntil).toBeNull();
    expect(applyAside(row('a', { status: 'CLOSED' }), { snoozedUntil: at(9) }).snoozedUntil).toBeNull();
  });
});

describe('applyMessage', () => {
  it('counts the visitor’s messages, and keeps since when they wait', () => {
    const twice = applyMessage(applyMessage(row('a'), message(1)), message(2));
    expect([twice.unread, twice.waitingSince, twice.lastMessage?.content]).toEqual([2, at(1), 'text 2']);
  });

  it('ends the waiting with an answer', () => {
    const answered = applyMessage(applyMessage(row('a'), message(1)), message(2, { senderType: 'USER', userId: 7 }));
    expect([answered.unread, answered.waitingSince, answered.lastMessage?.userId]).toEqual([1, null, 7]);
  });

  it('leaves out a message that the row has counted', () => {
    const counted = row('a', {}, { unread: 1, lastMessage: applyMessage(row('a'), message(2)).lastMessage });
    for (const id of [1, 2]) expect(applyMessage(counted, message(id))).toBe(counted);
  });
});

describe('place', () => {
  const rows = new Map<string, InboxRow>(
    [1, 3, 5].map((n) => ['c' + n, row('c' + n, { id: n, createdAt: at(n) })] as const),
  );
  const rowOf = (token: string) => rows.get(token);
  const spec: ListSpec = {
    name: 'all',
    query: {},
    accepts: (r) => r.conversation.status === 'OPEN',
    compare: orders.newest,
  };
  const list = (fields: Partial<ListState> = {}): ListState => ({
    tokens: ['c5', 'c3', 'c1'],
    nextCursor: null,
    total: 3,
    ...fields,
  });
  const placed = (r: InboxRow, fields: Partial<ListState> = {}) => place(list(fields), spec, r, rowOf);

  it.each([
    [6, 'c6,c5,c3,c1'],
    [4, 'c5,c4,c3,c1'],
    [0, 'c5,c3,c1,c0'],
  ])('adds row %i in order', (n, expected) => {
    const result = placed(row('c' + n, { id: n, createdAt: at(n) }));
    expect([result.tokens.join(), result.total]).toEqual([expected, 4]);
  });

  it('skips rows that the cache has dropped', () => {
    const sparse = (token: string) => (token === 'c3' ? undefined : rowOf(token));
    const { tokens } = place(list(), spec, row('c2', { id: 2, createdAt: at(2) }), sparse);
    expect([tokens.length, tokens[0], tokens[3]]).toEqual([4, 'c5', 'c1']);
  });

  it('keeps a list in which nothing changes', () => {
    const before = list();
    expect(place(before, spec, rows.get('c3')!, rowOf)).toBe(before);
  });

  it('leaves a row to a later page if the list has one', () => {
    const result = placed(row('c0', { id: 0, createdAt: at(0) }), { nextCursor: 'more' });
    expect([result.tokens.join(), result.total]).toEqual(['c5,c3,c1', 4]);
  });

  it('removes a row that doesn’t belong to the list any more', () => {
    const result = placed(row('c3', { id: 3, status: 'CLOSED' }));
    expect([result.tokens.join(), result.total]).toEqual(['c5,c1', 2]);
    const before = list();
    expect(place(before, spec, row('c9', { status: 'CLOSED' }), rowOf)).toBe(before);
  });

  it('changes a search only when it is read again', () => {
    const before = list();
    const search = { name: 'search', query: {}, compare: orders.newest };
    expect(place(before, search, row('c9'), rowOf)).toBe(before);
  });
});

describe('orders', () => {
  it('puts the longest waiting first, and those that don’t wait last', () => {
    const sorted = [
      row('none', { createdAt: at(1) }),
      row('late', { createdAt: at(1) }, { waitingSince: at(5) }),
      row('early', { createdAt: at(1) }, { waitingSince: at(2) }),
    ].sort(orders.waiting);
    expect(sorted.map((r) => r.conversation.token).join()).toBe('early,late,none');
  });
});

describe('isOverdue', () => {
  const late = (fields: Partial<InboxRow>, status: 'OPEN' | 'CLOSED' = 'OPEN') =>
    isOverdue(row('a', { status }, fields), Date.parse(at(5)));
  it('says whether the earlier time has passed, in an open row that isn’t snoozed', () => {
    expect(late({})).toBe(false);
    expect(late({ responseDueAt: at(6), resolutionDueAt: at(9) })).toBe(false);
    expect(late({ responseDueAt: at(6), resolutionDueAt: at(4) })).toBe(true);
    expect(late({ responseDueAt: at(4) })).toBe(true);
    expect(late({ responseDueAt: at(4), snoozedUntil: at(9) })).toBe(false);
    expect(late({ responseDueAt: at(4) }, 'CLOSED')).toBe(false);
  });
});

describe('append', () => {
  it('adds the next page, each row once', () => {
    const first: ListState = { tokens: ['a', 'b'], nextCursor: '1', total: 9 };
    const next: ListState = { tokens: ['b', 'c'], nextCursor: null, total: null };
    expect(append(first, next)).toMatchObject({ tokens: ['a', 'b', 'c'], nextCursor: null, total: 9 });
  });
});
