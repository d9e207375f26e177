// The days that a report is about. All functions are pure.

/** Period is a number of whole days in a time zone. from and until are dates, YYYY-MM-DD, and both belong to it. */
export interface Period {
  from: string;
  until: string;
  tz: string; // of the IANA database
}

export const dayLength = 86_400_000; // milliseconds
const hourly = 2; // days, up to which a report is by the hour
const isDate = (text: unknown): text is string =>
  typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

/** moveDate returns the date that is a number of days later. */
export const moveDate = (date: string, days: number) =>
  new Date(Date.parse(date) + days * dayLength).toISOString().slice(0, 10);

/** dateIn returns the date of a time in a time zone. */
export const dateIn = (tz: string, at: number) =>
  new Intl.DateTimeFormat('en-CA', { timeZone: tz, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);

/** lengthOf returns how many days a period has. */
export const lengthOf = ({ from, until }: Period) => (Date.parse(until) - Date.parse(from)) / dayLength + 1;

/** lastDays returns the period that ends today. */
export function lastDays(days: number, tz: string, now: number): Period {
  const until = dateIn(tz, now);
  return { from: moveDate(until, 1 - days), until, tz };
}

/** before returns the period of the same length that ends where another one begins. */
export function before(period: Period): Period {
  const until = moveDate(period.from, -1);
  return { ...period, from: moveDate(until, 1 - lengthOf(period)), until };
}

/** lastPart returns the last days of a period, or all of it. */
export function lastPart(period: Period, days: number): Period {
  const from = moveDate(period.until, 1 - days);
  return from > period.from ? { ...period, from } : period;
}

/** queryOf returns the period as the API's parameters. There, `to` is the first day after it. */
export const queryOf = ({ from, until, tz }: Period) => ({ from, to: moveDate(until, 1), tz });

/** intervalOf returns the length of the intervals in which a report shows a period. */
export const intervalOf = (period: Period): 'hour' | 'day' => (lengthOf(period) <= hourly ? 'hour' : 'day');

/** periodOf reads a period from the query of an address. What is missing or wrong is undefined. */
export function periodOf(values: Record<string, unknown>): Partial<Period> {
  const { from, until, tz } = values;
  return {
    ...(isDate(from) && isDate(until) && from <= until && { from, until }),
    ...(typeof tz === 'string' && isZone(tz) && { tz }),
  };
}

function isZone(tz: string): boolean {
  try {
    dateIn(tz, 0);
    return true;
  } catch {
    return false;
  }
}
