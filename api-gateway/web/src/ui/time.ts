// Times and figures in the agent's language.
import { language } from '../texts';

/** locale is the agent's language, with the region that their browser names. */
export const locale = navigator.languages.find((l) => l.split('-')[0] === language) || language;
const times = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const days = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
const whole = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'narrow' });
const figures = new Intl.NumberFormat(locale);

export const clock = (at: string) => times.format(new Date(at));
export const day = (at: string) => days.format(new Date(at));
export const moment = (at: string) => whole.format(new Date(at));
export const figure = (n: number) => figures.format(n);

const shares = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });

/** percent formats a share of 1. */
export const percent = (share: number) => shares.format(share);

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

/** bytes formats a number of bytes, in steps of 1024. */
export function bytes(n: number): string {
  const step = Math.min(Math.floor(Math.log2(Math.max(n, 1)) / 10), units.length - 1);
  const format = { style: 'unit', unit: units[step], unitDisplay: 'short', maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale, format).format(n / 1024 ** step);
}

type Unit = 'minute' | 'hour' | 'day';

function sinceThen(at: string, now: number): [number, Unit] {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  if (seconds < 3600) return [Math.floor(seconds / 60), 'minute'];
  if (seconds < 86400) return [Math.floor(seconds / 3600), 'hour'];
  return [Math.floor(seconds / 86400), 'day'];
}

/** ago formats a time in the past relative to now. */
export function ago(at: string, now = Date.now()): string {
  const [n, unit] = sinceThen(at, now);
  return n === 0 ? relative.format(0, 'second') : relative.format(-n, unit);
}

/** lasting formats the time since then as a duration: `5m`, `3h`, `2d` in English. It is a minute at least. */
export function lasting(at: string, now = Date.now()): string {
  const [n, unit] = sinceThen(at, now);
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'narrow' }).format(Math.max(n, 1));
}

const durationUnits = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** duration formats a number of seconds in the largest unit of which it is one at least, with a decimal below 10. */
export function duration(seconds: number): string {
  const [unit, length] = durationUnits.find(([, length]) => Math.round(seconds) >= length) ?? ['second', 1];
  const n = seconds / length;
  const maximumFractionDigits = n < 10 ? 1 : 0;
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits }).format(n);
}

/** flag returns the emoji of an ISO 3166 alpha-2 country code. */
export const flag = (country: string) =>
  String.fromCodePoint(...[...country.toUpperCase()].map((c) => 0x1f1a5 + c.charCodeAt(0)));
