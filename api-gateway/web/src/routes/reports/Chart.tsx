// A chart of a report: lines over time, with what they say in words and as a table.
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { StatisticsInterval } from '../../../../../libs/web/api';
import { t } from '../../texts';
import { locale } from '../../ui/time';
import { isCount, summaryOf, type ChartSpec } from './series';

const height = 220; // pixels
const lineWidth = 2; // pixels
const axisWidth = 72; // pixels
const dashes = [[], [6, 4]]; // lines differ by more than their colour
const colours = ['--accent', '--warn-fg'];

/** colour reads a colour of the theme when the chart is drawn. */
const colour = (name: string) => () => getComputedStyle(document.documentElement).getPropertyValue(name);

interface ChartProps {
  spec: ChartSpec;
  data: StatisticsInterval[];
  tz: string;
  isHourly: boolean;
}

/** formatIn returns how a report writes the beginning of an interval. */
function formatIn(tz: string, isHourly: boolean) {
  const time = isHourly ? ({ hour: '2-digit', minute: '2-digit' } as const) : {};
  return new Intl.DateTimeFormat(locale, { timeZone: tz, day: 'numeric', month: 'short', ...time });
}

const seconds = (at: string) => Date.parse(at) / 1000;

/** Plot draws the lines. It takes the width that there is, and the colours of the theme. */
function Plot({ spec, data, tz, isHourly }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const dates = formatIn(tz, isHourly);
    const axis = {
      stroke: colour('--dim'),
      grid: { stroke: colour('--edge'), width: 1 },
      ticks: { stroke: colour('--edge'), width: 1 },
    };
    const plot = new uPlot(
      {
        width: box.current!.clientWidth,
        height,
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), tz),
        scales: { y: { range: (_, _low, high) => [0, Math.max(high, 1) * 1.05] } },
        axes: [
          { ...axis, values: (_, times) => times.map((at) => dates.format(at * 1000)), space: 80 },
          {
            ...axis,
            size: axisWidth,
            filter: (_, splits) => splits.map((v) => (isCount(spec) && !Number.isInteger(v) ? null : v)),
            values: (_, values) => values.map((v) => (v === null ? null : spec.format(v))),
          },
        ],
        series: [
          { label: t('day'), value: (_, at) => (at === null ? '–' : dates.format(at * 1000)) },
          ...spec.series.map(({ label }, i) => ({
            label: t(label),
            stroke: colour(colours[i]!),
            width: lineWidth,
            dash: dashes[i],
            value: (_: uPlot, value: number | null) => (value === null ? '–' : spec.format(value)),
          })),
        ],
        cursor: { drag: { x: false, y: false } },
      },
      [data.map((i) => seconds(i.from)), ...spec.series.map(({ value }) => data.map(value))],
      box.current!,
    );
    const resized = new ResizeObserver(([entry]) => plot.setSize({ width: entry!.contentRect.width, height }));
    resized.observe(box.current!);
    const themed = new MutationObserver(() => plot.redraw());
    themed.observe(document.documentElement, { attributeFilter: ['data-theme', 'data-contrast'] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      plot.destroy();
    };
  }, [spec, data, tz, isHourly]);
  return <div ref={box} className="plot" role="img" aria-label={summaryOf(spec, data)} />;
}

export function Chart(props: ChartProps) {
  const { spec, data, tz, isHourly } = props;
  const dates = formatIn(tz, isHourly);
  return (
    <section className="chart" id={'chart-' + spec.id}>
      <h2 id={'title-' + spec.id}>{t(spec.title)}</h2>
      <Plot {...props} />
      <details>
        <summary>{t('asTable')}</summary>
        <div className="wide" tabIndex={0} role="region">
          <table>
            <thead>
              <tr>
                <th scope="col">{t('day')}</th>
                {spec.series.map(({ label }) => (
                  <th scope="col" key={label}>
                    {t(label)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.map((interval) => (
                <tr key={interval.from}>
                  <th scope="row">{dates.format(Date.parse(interval.from))}</th>
                  {spec.series.map(({ label, value }) => {
                    const known = value(interval);
                    return <td key={label}>{known === null ? '–' : spec.format(known)}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}
