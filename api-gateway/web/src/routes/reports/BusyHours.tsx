// When visitors write: their messages by weekday and hour.
import type { CSSProperties } from 'react';
import type { StatisticsHistory } from '../../../../../libs/web/api';
import { query } from '../../api/client';
import { t } from '../../texts';
import { Loaded } from '../../ui/parts';
import { figure, locale } from '../../ui/time';
import { dayLength, lastPart, lengthOf, queryOf, type Period } from './period';
import { hoursOf } from './series';
import { useReport } from './useReport';

const maxDays = 31; // for which the API has hours in one answer
const monday = Date.UTC(2024, 0, 1);

const weekdays = (style: 'short' | 'long') => {
  const format = new Intl.DateTimeFormat(locale, { weekday: style, timeZone: 'UTC' });
  return Array.from({ length: 7 }, (_, i) => format.format(monday + i * dayLength));
};
const hour = new Intl.DateTimeFormat(locale, { hour: 'numeric', timeZone: 'UTC' });
const hourText = (h: number) => hour.format(h * 3_600_000);

export function BusyHours({ period }: { period: Period }) {
  const part = lastPart(period, maxDays);
  const read = useReport<StatisticsHistory>('/statistics/history' + query({ ...queryOf(part), interval: 'hour' }));
  return (
    <section className="chart" id="busy-hours">
      <h2 id="title-busy-hours">{t('busyHours')}</h2>
      {lengthOf(part) < lengthOf(period) && <p className="dim">{t('busyHoursOf', { count: maxDays })}</p>}
      <Loaded read={read} rows={3}>
        {({ data }) => <HeatMap sums={hoursOf(data, period.tz)} />}
      </Loaded>
    </section>
  );
}

function HeatMap({ sums }: { sums: number[][] }) {
  const most = Math.max(1, ...sums.flat());
  const names = weekdays('long');
  return (
    <div className="wide" tabIndex={0} role="region" aria-labelledby="title-busy-hours">
      <table className="heat">
        <thead>
          <tr>
            <td />
            {sums[0]!.map((_, h) => (
              <th scope="col" key={h}>
                <span className={h % 3 ? 'sr-only' : ''}>{hourText(h)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weekdays('short').map((name, day) => (
            <tr key={name}>
              <th scope="row" aria-label={names[day]}>
                {name}
              </th>
              {sums[day]!.map((n, h) => (
                <td
                  key={h}
                  style={{ '--share': n / most } as CSSProperties}
                  title={`${names[day]}, ${hourText(h)}: ${figure(n)}`}
                >
                  <span className="sr-only">{figure(n)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
