import { describe, expect, it } from 'vitest';
import type { InboxRow, SavedView, ViewFilter } from '../../../../../libs/web/api';
import { conversation } from '../../api/fakes';
import { filterOf, fits, moved, pathOf, savedOf, savedSpec, teamView, viewName } from './saved';

const row = (fields: Partial<InboxRow> = {}, of: Partial<InboxRow['conversation']> = {}) =>
  ({
    conversation: conversation('conv_a', { rating: null, ...of }),
    mentions: [],
    waitingSince: null,
    snoozedUntil: null,
    spam: false,
    ...fields,
  }) as unknown as InboxRow;

const view = (id: number, fields: Partial<SavedView> = {}) =>
  ({ id, name: 'View', filter: {}, sort: 'newest', position: 0, updatedAt: 'x', ...fields }) as SavedView;

describe('fits', () => {
  it.each<[ViewFilter, InboxRow, boolean]>([
    [{}, row(), true],
    [{}, row({ spam: true }), false],
    [{ spam: true }, row({ spam: true }), true],
    [{ status: ['CLOSED'] }, row(), false],
    [{ assigneeId: ['me', 'none'] }, row(), true],
    [{ assigneeId: ['me'] }, row({}, { assigneeId: 7 }), true],
    [{ assigneeId: ['8'] }, row({}, { assigneeId: 7 }), false],
    [{ teamId: ['3'] }, row({ teamId: 3 }), true],
    [{ teamId: ['3'] }, row(), false],
    [{ teamId: ['3', 'none'] }, row(), true],
    [{ tag: ['a', 'b'] }, row({}, { tags: ['b'] }), true],
    [{ tag: ['a'] }, row({}, { tags: ['b'] }), false],
    [{ rating: [1, 2] }, row({}, { rating: 2 }), true],
    [{ rating: [1] }, row(), false],
    [{ mentioned: 'me' }, row({ mentions: [7] }), true],
    [{ mentioned: '8' }, row({ mentions: [7] }), false],
    [{ waiting: true }, row({ waitingSince: '2026-01-01' }), true],
    [{ waiting: false }, row({ waitingSince: '2026-01-01' }), false],
    [{ snoozed: false }, row({ snoozedUntil: '2026-01-01' }), false],
  ])('%j', (filter, of, want) => expect(fits(of, filter, 7)).toBe(want));
});

describe('savedSpec', () => {
  it('sends lists with commas, and the order', () => {
    const { query } = savedSpec(view(1, { filter: { status: ['OPEN'], tag: ['a', 'b'], snoozed: false } }), 7);
    expect(query).toEqual({ status: 'OPEN', tag: 'a,b', snoozed: 'false', sort: 'newest' });
  });
  it('lets the server decide what a search finds', () => {
    expect(savedSpec(view(1, { filter: { search: 'refund' } }), 7).accepts).toBeUndefined();
  });
  it('has the rows only whose visitors wait, in their order', () => {
    expect(savedSpec(view(1, { sort: 'waiting' }), 7).accepts!(row())).toBe(false);
  });
});

it('filterOf takes the search, or the view with its person', () => {
  expect([filterOf('mine', 'refund', 7), filterOf('mine', '', 7), filterOf('spam', '', 7)]).toEqual([
    { search: 'refund' },
    { status: ['OPEN'], snoozed: false, assigneeId: ['me'] },
    { spam: true },
  ]);
});

it('moved gives positions to the views that need another one', () => {
  const [a, b, c] = [view(1), view(2), view(3, { position: 2 })];
  expect([...moved([a!, b!, c!], b!)]).toEqual([[1, 1]]);
  expect([...moved([a!, b!, c!], a!)]).toEqual([]);
});

it('viewName keeps saved views, and knows the others', () => {
  const names = ['saved-6', 'team-3', 'mine', 'colour', undefined];
  expect(names.map(viewName)).toEqual(['saved-6', 'team-3', 'mine', 'all', 'all']);
});

it("a team's view has its open conversations, and an address of its own", () => {
  const support = teamView({ id: 3, name: 'Support', members: [7], createdAt: 'x', updatedAt: 'y' });
  expect([pathOf(support), savedOf('team-3', [view(3), support])]).toEqual(['team-3', support]);
  const { query, accepts } = savedSpec(support, 7);
  expect(query).toEqual({ status: 'OPEN', snoozed: 'false', teamId: '3', sort: 'newest' });
  expect([accepts!(row({ teamId: 3 })), accepts!(row({ teamId: 4 })), accepts!(row())]).toEqual([true, false, false]);
});
