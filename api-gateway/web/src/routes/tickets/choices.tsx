// Parts that the pages of tickets share.
import { Link } from '@tanstack/react-router';
import type { TicketChannel, TicketPriority, TicketStatus } from '../../../../../libs/web/api';
import { useUsers, useWebsite } from '../../api/hooks';
import { t } from '../../texts';
import { Empty } from '../../ui/parts';

export const statuses: TicketStatus[] = ['NEW', 'OPEN', 'PENDING', 'RESOLVED', 'CLOSED'];
export const channels: TicketChannel[] = ['WIDGET', 'CONSOLE', 'API', 'EMAIL'];
export const priorities: TicketPriority[] = ['LOW', 'MEDIUM', 'HIGH', 'URGENT'];

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; text: string }[];
  change: (value: T) => void;
  isDisabled?: boolean;
  name: string;
}

export function Choice<T extends string>({ label, value, options, change, isDisabled, name }: ChoiceProps<T>) {
  return (
    <label className="choice">
      {label}
      <select name={name} value={value} disabled={isDisabled} onChange={(e) => change(e.currentTarget.value as T)}>
        {options.map((o) => (
          <option key={o.value} value={o.value}>
            {o.text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** useAgentOptions returns the agents as options; '' or none is no agent. */
export function useAgentOptions() {
  return useUsers().map((u) => ({ value: String(u.id), text: u.name }));
}

/** useHasTickets reports whether the website's plan has tickets. */
export const useHasTickets = () => useWebsite().plan === 'PRO';

export function NeedsPro() {
  return (
    <main className="page">
      <h1>{t('tickets')}</h1>
      <Empty>{t('needsPro')}</Empty>
      <p className="centre">
        <Link to="/inbox" className="button">
          {t('inbox')}
        </Link>
      </p>
    </main>
  );
}
