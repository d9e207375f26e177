// What the charts of a report show of its intervals. All functions are pure.
import type { StatisticsInterval } from '../../../../../libs/web/api';
import { t, type Key } from '../../texts';
import { duration, figure, locale } from '../../ui/time';

/** Series is a line of a chart. Its value is null if there was none to measure. */
export interface Series {
  label: Key;
  value: (interval: StatisticsInterval) => number | null;
}

/** ChartSpec is a chart with one or two lines. */
export interface ChartSpec {
  id: string;
  title: Key;
  series: Series[];
  /** format writes a value of the chart for people. */
  format: (value: number) => string;
}

/** isCount reports whether the values of a chart are whole numbers. */
export const isCount = ({ format }: ChartSpec) => format === figure;

const rating = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });

/** stars formats an average of ratings. */
export const stars = (average: number) => `${rating.format(average)} ★`;

/** charts are those of a report, in their order. */
export const charts: ChartSpec[] = [
  {
    id: 'conversations',
    title: 'conversations',
    series: [
      { label: 'opened', value: (i) => i.conversationsOpened },
      { label: 'closed', value: (i) => i.conversationsClosed },
    ],
    format: figure,
  },
  {
    id: 'messages',
    title: 'messages',
    series: [
      { label: 'byVisitors', value: (i) => i.visitorMessages },
      { label: 'byAgents', value: (i) => i.agentMessages },
    ],
    format: figure,
  },
  {
    id: 'response',
    title: 'firstResponse',
    series: [
      { label: 'median', value: (i) => i.firstResponse.median },
      { label: 'p90', value: (i) => i.firstResponse.p90 },
    ],
    format: duration,
  },
  {
    id: 'resolution',
    title: 'timeToClose',
    series: [
      { label: 'median', value: (i) => i.resolution.median },
      { label: 'p90', value: (i) => i.resolution.p90 },
    ],
    format: duration,
  },
  {
    id: 'visitors',
    title: 'newVisitors',
    series: [{ label: 'newVisitors', value: (i) => i.newVisitors }],
    format: figure,
  },
  {
    id: 'ratings',
    title: 'averageRating',
    series: [{ label: 'averageRating', value: (i) => i.ratings.average }],
    format: stars,
  },
];

/** Tile is a figure of a whole report, and the same of the period before. */
export interface Tile {
  label: Key;
  text: string;
  /** change is the share by which the figure has grown, or null if there is nothing to compare with. */
  change: number | null;
}

const tiles: { label: Key; value: Series['value']; format: (value: number) => string }[] = [
  { label: 'openedConversations', value: (i) => i.conversationsOpened, format: figure },
  { label: 'closedConversations', value: (i) => i.conversationsClosed, format: figure },
  { label: 'newVisitors', value: (i) => i.newVisitors, format: figure },
  { label: 'medianResponse', value: (i) => i.firstResponse.median, format: duration },
  { label: 'medianToClose', value: (i) => i.resolution.median, format: duration },
  { label: 'averageRating', value: (i) => i.ratings.average, format: stars },
];

/** tilesOf returns the figures of a period, compared with those of the one before. */
export const tilesOf = (total: StatisticsInterval, before?: StatisticsInterval): Tile[] =>
  tiles.map(({ label, value, format }) => {
    const now = value(total);
    const then = before && value(before);
    return {
      label,
      text: now === null ? '–' : format(now),
      change: now === null || !then ? null : now / then - 1,
    };
  });

/** summaryOf says in words what a chart shows: for people that can't see it. */
export function summaryOf({ title, series, format }: ChartSpec, data: StatisticsInterval[]): string {
  const parts = series.map(({ label, value }) => {
    const values = data.map(value).filter((v) => v !== null);
    if (!values.length) return `${t(label)}: –`;
    return t('chartRange', {
      name: t(label),
      least: format(Math.min(...values)),
      most: format(Math.max(...values)),
    });
  });
  return [t(title), ...parts].join('. ');
}

/** isQuiet reports whether nothing happened in a period. */
export const isQuiet = (total: StatisticsInterval) =>
  !tiles.some(({ value }) => value(total)) && !total.visitorMessages && !total.agentMessages;

/** Hours are sums by weekday, Monday first, and hour of the day. */
export type Hours = number[][];

/** hoursOf adds the visitors' messages of intervals of an hour by weekday and hour in a time zone. */
export function hoursOf(data: StatisticsInterval[], tz: string): Hours {
  const sums: Hours = Array.from({ length: 7 }, () => Array<number>(24).fill(0));
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: tz,
    weekday: 'short',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  for (const { from, visitorMessages } of data) {
    const parts = Object.fromEntries(format.formatToParts(Date.parse(from)).map(({ type, value }) => [type, value]));
    const weekday = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(parts.weekday!);
    sums[weekday]![Number(parts.hour)]! += visitorMessages;
  }
  return sums;
}
