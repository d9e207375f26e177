// When visitors write: their messages by weekday and hour.
import { useQuery } from '@tanstack/react-query';
import type { CSSProperties } from 'react';
import type { StatisticsHistory } from '../../../../../libs/web/api';
import { query } from '../../api/client';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { language, t } from '../../texts';
import { Failure, Skeleton } from '../../ui/parts';
import { figure } from '../../ui/time';
import { lastPart, lengthOf, queryOf, type Period } from './period';
import { hoursOf } from './series';

const maxDays = 31; // for which the API has hours in one answer
const monday = Date.UTC(2024, 0, 1);
const dayLength = 86_400_000; // milliseconds

const weekdays = (style: 'short' | 'long') => {
  const format = new Intl.DateTimeFormat(language, { weekday: style, timeZone: 'UTC' });
  return Array.from({ length: 7 }, (_, i) => format.format(monday + i * dayLength));
};
const hour = new Intl.DateTimeFormat(language, { hour: 'numeric', timeZone: 'UTC' });
const hourText = (h: number) => hour.format(h * 3_600_000);

export function BusyHours({ period }: { period: Period }) {
  const { api } = useSession();
  const part = lastPart(period, maxDays);
  const at = '/statistics/history' + query({ ...queryOf(part), interval: 'hour' });
  const read = useQuery({
    queryKey: keys.report(at),
    staleTime: 0,
    queryFn: ({ signal }) => api.get<StatisticsHistory>(at, signal),
  });
  return (
    <section className="chart" id="busy-hours">
      <h2 id="title-busy-hours">{t('busyHours')}</h2>
      {lengthOf(part) < lengthOf(period) && <p className="dim">{t('busyHoursOf', { count: maxDays })}</p>}
      {read.error ? (
        <Failure error={read.error} retry={() => void read.refetch()} />
      ) : read.data ? (
        <HeatMap sums={hoursOf(read.data.data, period.tz)} />
      ) : (
        <Skeleton rows={3} />
      )}
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
