import { QueryClient } from '@tanstack/react-query';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Api } from './client';
import { FakePage, FakeServer } from './fakes';
import { keys } from './keys';
import { defaults, isQuiet, kindOf, Notifications } from './notifications';

const SETTINGS = 'GET /auth/notifications';

describe('isQuiet', () => {
  const at = (hour: number, minute = 0) => new Date(2026, 0, 2, hour, minute);

  it('begins with the first time and ends before the second one', () => {
    const hours = { from: '12:30', to: '14:00' };
    expect([at(12, 29), at(12, 30), at(13, 59), at(14)].map((t) => isQuiet(hours, t))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('may contain midnight', () => {
    const hours = { from: '22:00', to: '07:00' };
    expect([at(21, 59), at(22), at(0), at(6, 59), at(7)].map((t) => isQuiet(hours, t))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(isQuiet(null, at(3))).toBe(false);
  });
});

describe('kindOf', () => {
  it.each([
    [null, 'unassigned'],
    [7, 'mine'],
    [8, 'others'],
  ])('a message of the conversation of %s is %s', (assigneeId, kind) => expect(kindOf(assigneeId, 7)).toBe(kind));
});

describe('Notifications', () => {
  let server: FakeServer;
  let page: FakePage;
  let notifications: Notifications;
  let queries: QueryClient;
  const notify = () => notifications.notify('mine', 'Vera', 'Hello', 'con_a');

  beforeEach(() => {
    server = new FakeServer().on(SETTINGS, { ...defaults, ways: ['desktop', 'sound'] });
    page = new FakePage();
    queries = new QueryClient();
    notifications = new Notifications(server as unknown as Api, queries, page);
  });

  it('are shown in the ways that the person has chosen, whose settings are read once a minute', async () => {
    await notify();
    await notify();
    expect(page.notifications).toHaveLength(2);
    expect(page.rings).toBe(2);
    expect(server.bodies(SETTINGS)).toHaveLength(1);
  });

  it.each([
    [{ enabled: false }, 0, 0],
    [{ kinds: ['mention'] }, 0, 0],
    [{ quietHours: { from: '00:00', to: '23:59' } }, 0, 0],
    [{ ways: ['title'] }, 0, 0],
    [{ ways: ['sound'] }, 0, 1],
  ])('with %o are %i on the desktop and %i sounds', async (change, shown, rings) => {
    const noon = new Date(2026, 0, 2, 12).getTime();
    server.on(SETTINGS, { ...defaults, ways: ['desktop', 'sound'], ...change });
    await notifications.notify('mine', 'Vera', 'Hello', 'con_a', new Date(noon));
    expect([page.notifications.length, page.rings]).toEqual([shown, rings]);
  });

  it('follow the last settings while the server cannot be asked, or the defaults', async () => {
    server.on(SETTINGS, new Error('no network'));
    await notify();
    expect([page.notifications.length, page.rings]).toEqual([1, 0]);
    queries.setQueryData(keys.notifications, { ...defaults, enabled: false }, { updatedAt: 1 });
    await notify();
    expect(page.notifications).toHaveLength(1);
  });
});
