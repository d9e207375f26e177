// Small components that the pages share.
import { CloudOff, type LucideIcon } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import type { UserStatus } from '../../../../libs/web/api';
import { ApiError } from '../api/client';
import { t } from '../texts';

interface IconButtonProps extends ComponentProps<'button'> {
  icon: LucideIcon;
  label: string;
  /** keys is the shortcut, for the tooltip. */
  keys?: string;
}

export function IconButton({ icon: Icon, label, keys, className = '', ...props }: IconButtonProps) {
  return (
    <button
      type="button"
      className={'icon ' + className}
      title={keys ? `${label} (${keys})` : label}
      aria-label={label}
      {...props}
    >
      <Icon aria-hidden="true" />
    </button>
  );
}

/** hue selects one of the 12 avatar colours of the style sheet. White text is readable on all of them. */
function hue(name: string): number {
  let hash = 0;
  for (const c of name) hash = (hash * 31 + c.charCodeAt(0)) % 12;
  return hash;
}

const dots = { online: 'on', away: 'away', offline: '' };

interface AvatarProps {
  name: string;
  online?: boolean;
  status?: UserStatus;
}

export function Avatar({ name, online, status }: AvatarProps) {
  const dot = status ? dots[status] : online ? 'on' : '';
  return (
    <span className={`avatar h${hue(name)}`} aria-hidden="true">
      {[...name][0]?.toUpperCase() || '?'}
      {(status ?? online) !== undefined && <i className={dot} />}
    </span>
  );
}

/** StatusHint says beside the name of an agent whether they are there. */
export function StatusHint({ status }: { status: UserStatus }) {
  return <small>{t(({ online: 'isOnline', away: 'isAway', offline: 'offline' } as const)[status])}</small>;
}

export function Empty({ icon: Icon, children }: { icon?: LucideIcon; children: ReactNode }) {
  return (
    <div className="empty">
      {Icon && <Icon aria-hidden="true" />}
      <p>{children}</p>
    </div>
  );
}

export function Skeleton({ rows = 4 }: { rows?: number }) {
  return (
    <div className="skeleton" role="status" aria-label={t('loading')}>
      {Array.from({ length: rows }, (_, i) => (
        <i key={i} />
      ))}
    </div>
  );
}

/** explain says why a request failed: without a network, or as the server explains it. */
export function explain(err: unknown): string {
  if (!(err instanceof ApiError)) return navigator.onLine ? t('away') : t('isOffline');
  if (err.code === 'code_invalid') return t('wrongCode');
  return t('failed') + err.message;
}

/** Failure says why something can't be shown, and offers to try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div className="empty" role="alert">
      <CloudOff aria-hidden="true" />
      <p>{explain(error)}</p>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          {t('tryAgain')}
        </button>
      )}
    </div>
  );
}

interface LoadedProps<T> {
  read: { data: T | undefined; error: unknown; refetch: () => Promise<unknown> };
  rows: number; // of the skeleton
  children: (data: T) => ReactNode;
}

/** Loaded shows what was read, that it is being read, or why it can't be. */
export function Loaded<T>({ read, rows, children }: LoadedProps<T>) {
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  return read.data === undefined ? <Skeleton rows={rows} /> : children(read.data);
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd aria-hidden="true">{children}</kbd>;
}
