// The website's statistics: figures compared with the period before, charts, hours and agents. The address names the
// days and the time zone, so that a link shows the same.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ChartNoAxesColumn, TrendingDown, TrendingUp } from 'lucide-react';
import { useState } from 'react';
import type { StatisticsHistory } from '../../../../../libs/web/api';
import { query } from '../../api/client';
import { t } from '../../texts';
import { Empty, Failure, Skeleton } from '../../ui/parts';
import { locale } from '../../ui/time';
import { Agents } from './Agents';
import { BusyHours } from './BusyHours';
import { Chart } from './Chart';
import { before, intervalOf, lastDays, lengthOf, queryOf, type Period } from './period';
import { SaveTable } from './SaveTable';
import { charts, isQuiet, tilesOf, type Tile } from './series';
import { useReport } from './useReport';
import './reports.css';

const presets = [1, 7, 30, 90, 365]; // days
const usual = 30; // days that an address without a period shows
const smallChange = 0.005; // a share that counts as none
const changed = new Intl.NumberFormat(locale, {
  style: 'percent',
  maximumFractionDigits: 0,
  signDisplay: 'exceptZero',
});

const pathOf = (period: Period) => '/statistics/history' + query({ ...queryOf(period), interval: intervalOf(period) });

export function Page() {
  const [openedAt] = useState(Date.now);
  const { tz = Intl.DateTimeFormat().resolvedOptions().timeZone, from, until } = useSearch({ from: '/reports' });
  const period = from && until ? { from, until, tz } : lastDays(usual, tz, openedAt);
  return (
    <main className="page reports">
      <header className="bar">
        <h1>{t('reports')}</h1>
        <SaveTable path={pathOf(period)} name={`statistics-${period.from}-${period.until}.csv`} />
      </header>
      <Days period={period} now={openedAt} />
      <Report period={period} />
    </main>
  );
}

/** Days chooses the period: one of the usual ones, or any two days. */
function Days({ period, now }: { period: Period; now: number }) {
  const navigate = useNavigate();
  const choose = (change: Partial<Period>) => {
    const next = { ...period, ...change };
    if (!next.from || !next.until) return; // a date that is being typed
    if (next.from > next.until) next[change.from ? 'until' : 'from'] = change.from ?? change.until!;
    void navigate({ to: '/reports', search: next });
  };
  return (
    <div className="days">
      <nav aria-label={t('period')}>
        {presets.map((days) => {
          const preset = lastDays(days, period.tz, now);
          const isShown = preset.from === period.from && preset.until === period.until;
          return (
            <Link
              key={days}
              to="/reports"
              search={preset}
              className={isShown ? 'selected' : ''}
              aria-current={isShown ? 'page' : undefined}
              activeOptions={{ exact: true }}
            >
              {t('lastDays', { count: days })}
            </Link>
          );
        })}
      </nav>
      <label>
        {t('from')}
        <input type="date" name="from" value={period.from} onChange={(e) => choose({ from: e.target.value })} />
      </label>
      <label>
        {t('until')}
        <input type="date" name="until" value={period.until} onChange={(e) => choose({ until: e.target.value })} />
      </label>
      <small className="dim">
        {t('timeZone')}: {period.tz}
      </small>
    </div>
  );
}

function Report({ period }: { period: Period }) {
  const read = useReport<StatisticsHistory>(pathOf(period));
  const previous = useReport<StatisticsHistory>(pathOf(before(period)));
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Skeleton rows={8} />;
  const { total, data } = read.data;
  const tiles = tilesOf(total, previous.data?.total);
  if (isQuiet(total)) return <Empty icon={ChartNoAxesColumn}>{t('quietDays')}</Empty>;
  return (
    <>
      <ul className="tiles">
        {tiles.map((tile) => (
          <Figure key={tile.label} {...tile} />
        ))}
      </ul>
      {tiles.some(({ change }) => change !== null) && (
        <p className="dim">{t('comparedWith', { count: lengthOf(period) })}</p>
      )}
      <div className="charts">
        {charts.map((spec) => (
          <Chart key={spec.id} spec={spec} data={data} tz={period.tz} isHourly={intervalOf(period) === 'hour'} />
        ))}
      </div>
      <BusyHours period={period} />
      <Agents period={period} />
    </>
  );
}

function Figure({ label, text, change }: Tile) {
  const Icon = change !== null && change < 0 ? TrendingDown : TrendingUp;
  return (
    <li>
      <span>{t(label)}</span>
      <b>{text}</b>
      {change !== null && (
        <small className="dim">
          {Math.abs(change) >= smallChange && <Icon aria-hidden="true" />}
          {changed.format(change)}
        </small>
      )}
    </li>
  );
}
