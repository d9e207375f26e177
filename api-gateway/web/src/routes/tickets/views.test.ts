import { describe, expect, it } from 'vitest';
import { isShown, noFilter, queryOf, sortOf, views } from './views';

describe('the filter of tickets', () => {
  it('has the last change first, and in a search the best', () => {
    expect(sortOf(noFilter)).toBe('activity');
    expect(sortOf({ ...noFilter, sort: 'priority' })).toBe('priority');
    expect(sortOf({ ...noFilter, search: 'lamp', sort: 'priority' })).toBe('best');
    expect(sortOf({ ...noFilter, search: 'lamp', sort: 'oldest' })).toBe('oldest');
    expect(sortOf({ ...noFilter, sort: 'best' })).toBe('activity');
    expect(sortOf({ ...noFilter, sort: 'unknown' })).toBe('activity');
  });

  it('becomes the parameters of the list', () => {
    expect(queryOf({ ...noFilter, assignee: 'me', search: 'lamp' })).toMatchObject({
      assigneeId: 'me',
      search: 'lamp',
      sort: 'best',
    });
    expect(queryOf(noFilter)).not.toHaveProperty('assignee');
  });

  it('names the view that it shows', () => {
    const shown = (filter: Partial<typeof noFilter>) =>
      views.filter((v) => isShown(v, { ...noFilter, ...filter })).map((v) => v.id);
    expect(shown({ status: 'NEW,OPEN,PENDING', sort: 'oldest', search: 'lamp' })).toEqual(['active']);
    expect(shown({ status: 'NEW,OPEN,PENDING', assignee: 'me' })).toEqual(['mine']);
    expect(shown({ status: 'NEW' })).toEqual([]);
    expect(shown({})).toEqual(['all']);
  });
});
