// Which notices of new messages a website wants, and when the visitor's day is quiet.
import type { Widget } from '../../../../libs/web/api';

type Notice = Widget['notices'][number];

/** minutes is a time like 22:00 since midnight. */
export const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** isQuiet reports whether a moment is in the quiet hours, in local time. They begin with `from` and end before `to`. */
export function isQuiet(hours: Widget['quietHours'], now: Date): boolean {
  if (!hours) return false;
  const [from, to] = [minutes(hours.from), minutes(hours.to)];
  const at = now.getHours() * 60 + now.getMinutes();
  return from < to ? from <= at && at < to : from <= at || at < to;
}

/** isWanted reports whether a notice may appear now. The badge isn't asked about: it appears in quiet hours too. */
export const isWanted = (notice: Notice, { notices, quietHours }: Widget, now = new Date()) =>
  notices.includes(notice) && !isQuiet(quietHours, now);
