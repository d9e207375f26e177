import { describe, expect, it } from 'vitest';
import { noFilter, queryOf, sortOf, viewOf } from './views';

describe('the filter of visitors', () => {
  it('shows who is on the website now, seen last first', () => {
    expect(viewOf(noFilter)).toBe('online');
    expect(queryOf(noFilter)).toMatchObject({ online: 'true', verified: '', sort: 'seen', pagePath: '' });
    expect(viewOf({ ...noFilter, view: 'unknown' })).toBe('online');
  });

  it('shows who is blocked', () => {
    expect(queryOf({ ...noFilter, view: 'blocked' })).toMatchObject({ blocked: 'true', online: '', verified: '' });
    expect(queryOf(noFilter).blocked).toBe('');
  });

  it('asks only for orders that the server has', () => {
    expect(sortOf({ ...noFilter, view: 'all', search: 'vera' })).toBe('newest');
    expect(sortOf({ ...noFilter, view: 'all', search: 'vera', sort: 'seen' })).toBe('newest');
    expect(sortOf({ ...noFilter, view: 'all', sort: 'oldest' })).toBe('oldest');
    expect(sortOf({ ...noFilter, search: 'vera' })).toBe('seen');
  });

  it('asks for a page only among those who are on the website, once it is a path', () => {
    expect(queryOf({ ...noFilter, page: '/shop' }).pagePath).toBe('/shop');
    expect(queryOf({ ...noFilter, page: 'shop' }).pagePath).toBe('');
    expect(queryOf({ ...noFilter, view: 'all', page: '/shop' }).pagePath).toBe('');
  });
});
