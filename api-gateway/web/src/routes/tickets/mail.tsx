// The e-mails of a ticket's messages.
import { useQuery } from '@tanstack/react-query';
import { Download, Paperclip } from 'lucide-react';
import { useState } from 'react';
import type { Mailbox, TicketMail, TicketMailDetails, TicketMailList } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t, tEnum } from '../../texts';
import { Failure, Skeleton } from '../../ui/parts';
import { save } from '../../ui/save';
import { useAction } from '../../ui/settings';
import { bytes, moment } from '../../ui/time';

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

/** isStored reports whether the original of an e-mail can be read. */
function isStored({ originalUntil }: TicketMail): boolean {
  return !!originalUntil && Date.parse(originalUntil) > Date.now();
}

/** Mail shows an e-mail's sender, its recipients, the state of its delivery, and on demand what its message lacks. */
export function Mail({ mail, ticket }: { mail: TicketMail; ticket: string }) {
  const recipients = [...mail.to, ...mail.cc].map(({ address }) => address).join(', ');
  const isBad = mail.state === 'UNDELIVERED' || mail.state === 'UNCERTAIN';
  return (
    <div className="mail">
      <small>
        {mail.from.address && <span dir="auto">{[mail.from.address, recipients].filter(Boolean).join(' → ')} · </span>}
        <b className={isBad ? 'error' : undefined}>{tEnum('mailState', mail.state)}</b>
        {mail.reason && <span dir="auto"> ({mail.reason})</span>}
        <Authenticity of={mail.authentication} />
        {mail.kind && mail.kind !== 'HUMAN' && <span className="pill">{tEnum('mailKind', mail.kind)}</span>}
      </small>
      {isStored(mail) && <More mail={mail} at={path`/tickets/${ticket}/mail/${mail.id}`} ticket={ticket} />}
    </div>
  );
}

/** Authenticity shows whether the domain of an e-mail's author takes responsibility for it. */
function Authenticity({ of }: { of: TicketMail['authentication'] }) {
  if (of?.isVerified) return <span dir="auto"> · {t('mailVerified', { domain: of.domain })}</span>;
  if (of?.dmarc !== 'FAIL') return null;
  return (
    <b className="error" dir="auto">
      {' · '}
      {t('mailForged', { domain: of.domain })}
    </b>
  );
}

function More({ mail, at, ticket }: { mail: TicketMail; at: string; ticket: string }) {
  const { api } = useSession();
  const [isOpen, setOpen] = useState(false);
  const { data, error, refetch } = useQuery({
    queryKey: keys.mailDetails(ticket, mail.id),
    queryFn: ({ signal }) => api.get<TicketMailDetails>(at, signal),
    enabled: isOpen,
    staleTime: Infinity, // an original doesn't change
  });
  return (
    <details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{t('mailDetails')}</summary>
      {data ? (
        <Details mail={mail} details={data} at={at} />
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <Skeleton rows={2} />
      )}
    </details>
  );
}

const asText = (all: Mailbox[]) => all.map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(', ');

function Details({ mail, details, at }: { mail: TicketMail; details: TicketMailDetails; at: string }) {
  const { api } = useSession();
  const [run, error] = useAction();
  const store = (from: string, name: string) => run(async () => save(await api.file(at + from), name));
  const { authentication: checks } = mail;
  const facts: [string, string][] = [
    [t('mailFrom'), asText([mail.from])],
    [t('mailTo'), asText(mail.to)],
    [t('mailCc'), asText(mail.cc)],
    [t('mailDate'), details.date ? moment(details.date) : ''],
    [t('mailChecks'), checks ? `SPF ${checks.spf} · DKIM ${checks.dkim} · DMARC ${checks.dmarc}` : ''],
  ];
  return (
    <>
      <dl>
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd dir="auto">{value}</dd>
              </div>
            ),
        )}
      </dl>
      <Cut title={t('mailQuoted')} text={details.quoted} />
      <Cut title={t('mailSignature')} text={details.signature} />
      <p className="buttons">
        {details.attachments.map(({ position, name, size }) => (
          <button
            key={position}
            type="button"
            className="button"
            title={t('saveFile', { name })}
            onClick={() => store(`/attachments/${position}`, name)}
          >
            <Paperclip aria-hidden="true" />
            <bdi>{name}</bdi> <small>{bytes(size)}</small>
          </button>
        ))}
        <button type="button" className="button" onClick={() => store('/original', `mail-${mail.id}.eml`)}>
          <Download aria-hidden="true" />
          {t('saveOriginal')}
        </button>
      </p>
      <p className="error" role="alert">
        {error}
      </p>
    </>
  );
}

/** Cut shows text of an e-mail that its message is shown without. */
function Cut({ title, text }: { title: string; text: string }) {
  if (!text) return null;
  return (
    <section>
      <small>{title}</small>
      <blockquote dir="auto">{text}</blockquote>
    </section>
  );
}
