// Times at which a conversation comes back or a reply is sent. All functions are pure.
import type { Key } from '../../texts';

const hour = 3_600_000; // milliseconds
const maxAhead = 366 * 24 * hour; // as the server's
const morning = 9; // the hour at which a day of work begins

/** SnoozeTime is a choice of the menu. */
export interface SnoozeTime {
  id: 'hour' | 'hours' | 'tomorrow' | 'week';
  until: Date;
}

function morningIn(days: number, now: Date): Date {
  const at = new Date(now);
  at.setDate(at.getDate() + days);
  at.setHours(morning, 0, 0, 0);
  return at;
}

/** snoozeTimes returns the choices at a time, in the browser's time zone. The next week begins on Monday. */
export function snoozeTimes(now = new Date()): SnoozeTime[] {
  const untilMonday = (8 - now.getDay()) % 7 || 7;
  return [
    { id: 'hour', until: new Date(now.getTime() + hour) },
    { id: 'hours', until: new Date(now.getTime() + 4 * hour) },
    { id: 'tomorrow', until: morningIn(1, now) },
    { id: 'week', until: morningIn(untilMonday, now) },
  ];
}

/** fieldTime formats a time for a field of date and time, in the browser's time zone: 2026-11-27T09:00. */
export function fieldTime(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** timeProblem returns what is wrong with a time that a field had, or ''. A field without a whole time has ''. */
export function timeProblem(text: string, now = new Date()): Key | '' {
  const ahead = new Date(text).getTime() - now.getTime();
  if (Number.isNaN(ahead)) return 'timeMissing';
  if (ahead <= 0) return 'timeIsPast';
  return ahead > maxAhead ? 'timeIsFar' : '';
}
