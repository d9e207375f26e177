// The settings of the widget that are lists: messages, questions, and times of the week.
import { Plus, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { BusinessHours } from '../../../../../libs/web/api';
import { language, t, type Key } from '../../texts';
import { IconButton } from '../../ui/parts';
import { LanguageOptions } from './PreviewFrame';
import { maxQuestions, type Question, type Said } from './settings';

interface RowsProps<T> {
  rows: T[];
  change: (rows: T[]) => void;
  /** empty is a new row. */
  empty: T;
  max: number;
  add: Key;
  children: (row: T, set: (row: T) => void) => ReactNode;
}

/** Rows edits a list: each row has a button that removes it. */
export function Rows<T>({ rows, change, empty, max, add, children }: RowsProps<T>) {
  return (
    <div className="rows">
      {rows.map((row, i) => (
        <div key={i} className="line">
          {children(row, (next) => change(rows.with(i, next)))}
          <IconButton icon={X} className="small" label={t('remove')} onClick={() => change(rows.toSpliced(i, 1))} />
        </div>
      ))}
      {rows.length < max && (
        <button type="button" className="button" onClick={() => change([...rows, empty])}>
          <Plus aria-hidden="true" />
          {t(add)}
        </button>
      )}
    </div>
  );
}

interface ListProps<T> {
  rows: T[];
  change: (rows: T[]) => void;
}

const maxMessages = 100;

/** Messages edits texts that visitors see, each in a language. */
export function Messages({ rows, change }: ListProps<Said>) {
  return (
    <Rows rows={rows} change={change} empty={{ lang: '', text: '' }} max={maxMessages} add="addText">
      {(row, set) => (
        <>
          <select aria-label={t('language')} value={row.lang} onChange={(e) => set({ ...row, lang: e.target.value })}>
            <option value="">{t('anyLanguage')}</option>
            <LanguageOptions />
          </select>
          <textarea
            aria-label={t('text')}
            rows={2}
            dir="auto"
            required
            value={row.text}
            onChange={(e) => set({ ...row, text: e.target.value })}
          />
        </>
      )}
    </Rows>
  );
}

const inputTypes = { '': 'typeText', email: 'email', tel: 'typeTel', url: 'typeUrl', number: 'typeNumber' } as const;

/** Questions edits the form before the first message. */
export function Questions({ rows, change }: ListProps<Question>) {
  const empty = { name: '', label: '', type: '', required: false };
  return (
    <Rows rows={rows} change={change} empty={empty} max={maxQuestions} add="addQuestion">
      {(row, set) => (
        <>
          <input
            aria-label={t('name')}
            placeholder={t('name')}
            required
            maxLength={64}
            value={row.name}
            onChange={(e) => set({ ...row, name: e.target.value })}
          />
          <input
            aria-label={t('label')}
            placeholder={t('label')}
            dir="auto"
            maxLength={200}
            value={row.label}
            onChange={(e) => set({ ...row, label: e.target.value })}
          />
          <select aria-label={t('kind')} value={row.type} onChange={(e) => set({ ...row, type: e.target.value })}>
            {Object.entries(inputTypes).map(([value, label]) => (
              <option key={value} value={value}>
                {t(label)}
              </option>
            ))}
          </select>
          <label className="check">
            <input
              type="checkbox"
              checked={row.required}
              onChange={(e) => set({ ...row, required: e.target.checked })}
            />
            {t('required')}
          </label>
        </>
      )}
    </Rows>
  );
}

const days: BusinessHours['days'][number]['day'][] = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'];
const monday = Date.UTC(2024, 0, 1);
const dayLength = 86_400_000; // milliseconds
const maxRanges = 28;
const timezones = Intl.supportedValuesOf('timeZone');

const weekday = (i: number) =>
  new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: 'UTC' }).format(monday + i * dayLength);

// A time field has no 24:00. The end of a day is shown as the beginning of the next.
const shownEnd = (to: string) => (to === '24:00' ? '00:00' : to);
const storedEnd = (to: string) => (to === '00:00' ? '24:00' : to);

/** defaultHours are those of a first set-up: nine to five, in the time zone of the browser. */
export const defaultHours = (): BusinessHours => ({
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  days: days.slice(0, 5).map((day) => ({ day, from: '09:00', to: '17:00' })),
});

interface HoursProps {
  hours: BusinessHours;
  change: (hours: BusinessHours) => void;
}

/** Hours edits the times of a week, in a time zone. */
export function Hours({ hours, change }: HoursProps) {
  return (
    <>
      <label>
        {t('timeZone')}
        <select value={hours.timezone} onChange={(e) => change({ ...hours, timezone: e.target.value })}>
          {[...new Set([hours.timezone, ...timezones])].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <Rows
        rows={hours.days}
        change={(ranges) => change({ ...hours, days: ranges })}
        empty={{ day: 'MON' as const, from: '09:00', to: '17:00' }}
        max={maxRanges}
        add="addTime"
      >
        {(row, set) => (
          <>
            <select
              aria-label={t('day')}
              value={row.day}
              onChange={(e) => set({ ...row, day: e.target.value as typeof row.day })}
            >
              {days.map((day, i) => (
                <option key={day} value={day}>
                  {weekday(i)}
                </option>
              ))}
            </select>
            <input
              type="time"
              aria-label={t('from')}
              required
              value={row.from}
              onChange={(e) => set({ ...row, from: e.target.value })}
            />
            <input
              type="time"
              aria-label={t('to')}
              required
              value={shownEnd(row.to)}
              onChange={(e) => set({ ...row, to: storedEnd(e.target.value) })}
            />
          </>
        )}
      </Rows>
    </>
  );
}
