// A website's business hours, in the website's time zone.
import type { Widget } from '../../../../libs/web/api';
import { minutes } from './quiet';

const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const minute = 60_000; // milliseconds
const dayLength = 24 * 60 * minute;

/** offsetsOf returns how far the clocks of a time zone are ahead of UTC at a moment, in milliseconds. */
function offsetsOf(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (at) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
    const local = Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute);
    return local - Math.floor(at / minute) * minute;
  };
}

/** nextOpening returns when the business opens next, or now if it is open. Local times are written as if in UTC. */
function nextOpening({ timezone, days }: NonNullable<Widget['businessHours']>, now: number): number | undefined {
  const offset = offsetsOf(timezone);
  // The second step corrects the first one beside a change of the clocks. A time that they skip is as much later.
  const moment = (local: number) => local - offset(local - offset(local));
  const today = Math.floor((now + offset(now)) / dayLength) * dayLength;
  for (let day = today; day <= today + 7 * dayLength; day += dayLength) {
    const weekday = weekdays[new Date(day).getUTCDay()];
    const begins = days
      .filter((range) => range.day === weekday && now < moment(day + minutes(range.to) * minute))
      .map((range) => Math.max(now, moment(day + minutes(range.from) * minute)));
    if (begins.length) return Math.min(...begins);
  }
  return undefined;
}

/** closedUntil returns when the business opens, or undefined if it is open or has no hours that the browser knows. */
export function closedUntil(hours: Widget['businessHours'] | undefined, now: number): number | undefined {
  try {
    const opening = hours ? nextOpening(hours, now) : now;
    return opening === now ? undefined : opening;
  } catch {
    return undefined; // the browser doesn't know the time zone
  }
}
