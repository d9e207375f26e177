import { beforeAll, describe, expect, it } from 'vitest';
import type { StatisticsInterval } from '../../../../../libs/web/api';
import english from '../../texts/en.json';
import { setTexts } from '../../texts';
import { charts, hoursOf, isQuiet, summaryOf, tilesOf } from './series';

const nothing = {
  conversationsOpened: 0,
  conversationsClosed: 0,
  visitorMessages: 0,
  agentMessages: 0,
  newVisitors: 0,
  firstResponse: { count: 0, median: null, p90: null },
  resolution: { count: 0, median: null, p90: null },
  ratings: { count: 0, average: null },
} as StatisticsInterval;
const interval = (fields: Partial<StatisticsInterval>): StatisticsInterval => ({ ...nothing, ...fields });
const tile = (label: string, total: StatisticsInterval, before?: StatisticsInterval) =>
  tilesOf(total, before).find((one) => one.label === label);

beforeAll(() => setTexts(english));

describe('a tile', () => {
  it('has the change since the period before', () => {
    const [now, then] = [interval({ conversationsOpened: 15 }), interval({ conversationsOpened: 10 })];
    expect(tile('openedConversations', now, then)).toMatchObject({ text: '15', change: 0.5 });
    expect(tile('openedConversations', then, now)!.change).toBeCloseTo(-1 / 3);
  });

  it('has no change without anything to compare with', () => {
    expect(tile('openedConversations', interval({ conversationsOpened: 15 }), nothing)!.change).toBeNull();
    expect(tile('openedConversations', interval({ conversationsOpened: 15 }))!.change).toBeNull();
  });

  it('shows what was not measured as a dash, and not as 0', () => {
    expect(tile('medianResponse', nothing, interval({ firstResponse: { count: 1, median: 3, p90: 3 } }))).toMatchObject(
      {
        text: '–',
        change: null,
      },
    );
    expect(tile('openedConversations', nothing)!.text).toBe('0');
  });

  it('shows durations in their unit', () => {
    const text = (median: number) =>
      tile('medianResponse', interval({ firstResponse: { count: 1, median, p90: 1 } }))!.text;
    expect([4.2, 59.7, 90, 5400, 200_000].map(text)).toEqual(['4.2 sec', '1 min', '1.5 min', '1.5 hr', '2.3 days']);
  });
});

describe('a chart', () => {
  it('is summed up in words', () => {
    const data = [interval({ conversationsOpened: 3 }), interval({ conversationsOpened: 8, conversationsClosed: 2 })];
    expect(summaryOf(charts[0]!, data)).toBe('Conversations. Opened: 3 to 8. Closed: 0 to 2');
    expect(summaryOf(charts[5]!, data)).toBe('Average rating. Average rating: –');
  });
});

describe('a period', () => {
  it('is quiet if nothing happened', () => {
    expect(isQuiet(nothing)).toBe(true);
    for (const field of ['conversationsOpened', 'newVisitors', 'agentMessages'] as const)
      expect(isQuiet(interval({ [field]: 1 }))).toBe(false);
  });
});

describe('hours', () => {
  it('are those of the time zone, through a change of the clocks', () => {
    // Berlin's clocks skip 2026-03-29 02:00, a Sunday.
    const data = ['2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z', '2026-03-29T22:00:00Z'].map((from) =>
      interval({ from, visitorMessages: 2 }),
    );
    const sums = hoursOf(data, 'Europe/Berlin');
    expect(sums[6]!.map((n, hour) => (n ? hour : 0)).filter(Boolean)).toEqual([1, 3]);
    expect(sums[0]![0]).toBe(2);
    expect(sums.flat().reduce((a, b) => a + b)).toBe(6);
  });
});
