// The e-mails of a ticket's messages.
import { useQuery } from '@tanstack/react-query';
import type { TicketMail, TicketMailList } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { tEnum } from '../../texts';

/** askAgain is after how many milliseconds the state of an answer that isn't sent yet is read again. */
const askAgain = 5_000;

/** useMail returns the e-mails of a ticket by the ids of their messages. */
export function useMail(id: string): Map<string, TicketMail> {
  const { api } = useSession();
  const { data } = useQuery({
    queryKey: keys.ticketMail(id),
    queryFn: ({ signal }) => api.get<TicketMailList>(path`/tickets/${id}/mail`, signal),
    select: ({ data }) => new Map(data.flatMap((mail) => (mail.messageId ? [[mail.messageId, mail] as const] : []))),
    refetchInterval: ({ state }) => state.data?.data.some(isOnItsWay) && askAgain,
  });
  return data ?? new Map<string, TicketMail>();
}

function isOnItsWay({ state }: TicketMail): boolean {
  return state === 'QUEUED' || state === 'DEFERRED';
}

/** Mail shows the sender of an e-mail, its recipients, and the state of its delivery. */
export function Mail({ mail }: { mail: TicketMail }) {
  const isBad = mail.state === 'UNDELIVERED' || mail.state === 'UNCERTAIN';
  return (
    <small className="mail">
      {mail.from.address && (
        <span dir="auto">
          {mail.from.address} → {[...mail.to, ...mail.cc].map(({ address }) => address).join(', ')} ·{' '}
        </span>
      )}
      <b className={isBad ? 'error' : undefined}>{tEnum('mailState', mail.state)}</b>
      {mail.reason && <span dir="auto"> ({mail.reason})</span>}
    </small>
  );
}
