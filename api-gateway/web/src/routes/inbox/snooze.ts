// Times until which a conversation can be snoozed. All functions are pure.
import type { Key } from '../../texts';

const hour = 3_600_000; // milliseconds
const morning = 9; // the hour at which a day of work begins

/** SnoozeTime is a choice of the menu. */
export interface SnoozeTime {
  id: string;
  label: Key;
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
    { id: 'hour', label: 'snoozeHour', until: new Date(now.getTime() + hour) },
    { id: 'hours', label: 'snoozeHours', until: new Date(now.getTime() + 4 * hour) },
    { id: 'tomorrow', label: 'snoozeTomorrow', until: morningIn(1, now) },
    { id: 'week', label: 'snoozeWeek', until: morningIn(untilMonday, now) },
  ];
}
