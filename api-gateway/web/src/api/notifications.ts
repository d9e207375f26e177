// What the person is notified of, and how. The settings are the server's, so they hold in each browser of the person.
import type { QueryClient } from '@tanstack/react-query';
import type { NotificationSettings } from '../../../../libs/web/api';
import type { Api } from './client';
import { keys } from './keys';
import type { Page } from './live';

export type NotificationKind = NotificationSettings['kinds'][number];

const settingsAge = 60_000; // milliseconds after which a change in another browser holds in this one

/** defaults are the settings while the server can't be asked. They are the server's defaults. */
export const defaults: NotificationSettings = {
  enabled: true,
  ways: ['desktop', 'title'],
  kinds: ['assigned', 'mention', 'mine', 'unassigned'],
  quietHours: null,
};

const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** isQuiet reports whether a moment is in the quiet hours, in local time. They begin with `from` and end before `to`. */
export function isQuiet(hours: NotificationSettings['quietHours'], now = new Date()): boolean {
  if (!hours) return false;
  const [from, to] = [minutes(hours.from), minutes(hours.to)];
  const at = now.getHours() * 60 + now.getMinutes();
  return from < to ? from <= at && at < to : from <= at || at < to;
}

/** kindOf returns the kind of a message of a conversation that an agent has, as a user sees it. */
export function kindOf(assigneeId: number | null, userId: number): NotificationKind {
  if (assigneeId === null) return 'unassigned';
  return assigneeId === userId ? 'mine' : 'others';
}

/** settingsQuery reads the settings. Those of the last minute are used again. */
export const settingsQuery = (api: Api) => ({
  queryKey: keys.notifications,
  queryFn: () => api.get<NotificationSettings>('/auth/notifications'),
  staleTime: settingsAge,
});

/** Notifications shows what happens outside of the screen, as the settings say. */
export class Notifications {
  constructor(
    private readonly api: Api,
    private readonly queries: QueryClient,
    private readonly page: Page,
  ) {}

  /** notify shows a text about a conversation. */
  async notify(kind: NotificationKind, title: string, text: string, token: string, now = new Date()) {
    const settings = await this.read();
    if (!settings.enabled || !settings.kinds.includes(kind) || isQuiet(settings.quietHours, now)) return;
    if (settings.ways.includes('desktop')) this.page.notify(title, text, token);
    if (settings.ways.includes('sound')) this.page.ring();
  }

  private read(): Promise<NotificationSettings> {
    const known = () => this.queries.getQueryData<NotificationSettings>(keys.notifications) ?? defaults;
    return this.queries.fetchQuery({ ...settingsQuery(this.api), retry: false }).catch(known);
  }
}
