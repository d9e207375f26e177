// Small components and formats that the views share.
import { useLayoutEffect, useReducer } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Store } from './store';
import { language, texts } from './texts';

/** useStore renders a component again after each change of the store. The layout effect misses no change. */
export function useStore(store: Store) {
  const [, render] = useReducer((renders: number, _: void) => renders + 1, 0);
  useLayoutEffect(() => store.subscribe(() => render(undefined)), [store]);
}

const icons: Record<string, string> = {
  home: 'M3 11l9-8 9 8v9a1 1 0 0 1-1 1h-5v-6H9v6H4a1 1 0 0 1-1-1z',
  inbox: 'M4 4h16l2 10v6H2v-6zM2 14h6l1.5 3h5L16 14h6',
  tickets: 'M4 6h16v4a2 2 0 0 0 0 4v4H4v-4a2 2 0 0 0 0-4zM14 6v12',
  team: 'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21a7 7 0 0 1 14 0M16 4a4 4 0 0 1 0 7M19 21a7 7 0 0 0-3-6',
  account: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0',
  bell: 'M6 9a6 6 0 1 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20a2 2 0 0 0 4 0',
  theme: 'M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10',
  out: 'M14 4h5a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1h-5M10 8l-4 4 4 4M6 12h9',
  send: 'M4 12h14M12 5l7 7-7 7',
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
};

export function Icon({ name }: { name: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={icons[name]} />
    </svg>
  );
}

interface IconButtonProps {
  name: string;
  label: string;
  onClick: () => void;
  pressed?: boolean;
  badge?: number;
}

export function IconButton({ name, label, onClick, pressed, badge }: IconButtonProps) {
  return (
    <button
      type="button"
      class="icon"
      data-badge={badge || undefined}
      title={label}
      aria-label={badge ? `${label} (${badge})` : label}
      aria-pressed={pressed}
      onClick={onClick}
    >
      <Icon name={name} />
    </button>
  );
}

/** hue selects one of the 12 avatar colours of the style sheet. White text is readable on all of them. */
function hue(name: string): number {
  let hash = 0;
  for (const c of name) hash = (hash * 31 + c.charCodeAt(0)) % 12;
  return hash;
}

export function Avatar({ name, online }: { name: string; online?: boolean }) {
  return (
    <span class={'avatar h' + hue(name)} aria-hidden="true">
      {[...name][0]?.toUpperCase() || '?'}
      {online !== undefined && <i class={online ? 'on' : ''} />}
    </span>
  );
}

const times = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
const days = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' });
const whole = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'narrow' });

export const clock = (at: string) => times.format(new Date(at));
export const day = (at: string) => days.format(new Date(at));
export const moment = (at: string) => whole.format(new Date(at));

/** ago formats a time in the past relative to now. */
export function ago(at: string): string {
  const s = (Date.parse(at) - Date.now()) / 1000;
  if (s > -60) return relative.format(0, 'minute');
  if (s > -3600) return relative.format(Math.round(s / 60), 'minute');
  if (s > -86400) return relative.format(Math.round(s / 3600), 'hour');
  return relative.format(Math.round(s / 86400), 'day');
}

/** flag returns the emoji of an ISO 3166 alpha-2 country code. */
export const flag = (country: string) =>
  String.fromCodePoint(...[...country.toUpperCase()].map((c) => 0x1f1a5 + c.charCodeAt(0)));

interface AssigneeSelectProps {
  store: Store;
  assigneeId: number | null;
  change: (assigneeId: number | null) => void;
}

export function AssigneeSelect({ store, assigneeId, change }: AssigneeSelectProps) {
  return (
    <select
      disabled={!store.isWritable}
      value={String(assigneeId ?? '')}
      onChange={(e) => change(Number(e.currentTarget.value) || null)}
    >
      <option value="">{texts.nobody}</option>
      {store.users.map((u) => (
        <option key={u.id} value={String(u.id)}>
          {u.name}
        </option>
      ))}
    </select>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

export function Skeleton({ rows = 4 }: { rows?: number }) {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: rows }, (_, i) => (
        <i key={i} />
      ))}
    </div>
  );
}
