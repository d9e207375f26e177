// A reply that is sent later: the menu that schedules it, and what the conversation shows of it.
import { useQuery } from '@tanstack/react-query';
import { Clock, Pencil, X } from 'lucide-react';
import type { ScheduledDraft, ScheduledReply } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { useRow } from '../../api/hooks';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { IconButton } from '../../ui/parts';
import { moment } from '../../ui/time';
import { useToasts } from '../../ui/toasts';
import { TimeMenu } from './TimeMenu';

const at = (token: string) => path`/conversations/${token}/scheduled-reply`;

const labels = {
  hour: 'laterHour',
  hours: 'laterHours',
  tomorrow: 'laterTomorrow',
  week: 'laterWeek',
} as const;

/** useScheduling returns the functions that schedule a reply and remove it. Other agents see both by an event. */
function useScheduling(token: string) {
  const { api, live } = useSession();
  const show = (reply: ScheduledReply | null) =>
    live.cache.changeRow(token, (row) => ({
      ...row,
      scheduledReply: reply && { sendAt: reply.sendAt!, heldAt: reply.heldAt },
    }));
  return {
    schedule: async (draft: ScheduledDraft) => show(await api.call<ScheduledReply>('PUT', at(token), draft)),
    remove: async () => {
      await api.call('DELETE', at(token));
      show(null);
    },
  };
}

interface LaterProps {
  token: string;
  /** content is the text of the reply, '' for none. */
  content: string;
  /** clear empties the field, once the reply is stored. */
  clear: () => void;
}

/** Later is the menu that sends a reply at a later time. */
export function Later({ token, content, clear }: LaterProps) {
  const toasts = useToasts();
  const { schedule } = useScheduling(token);
  const choose = (until: Date) => {
    const sendAt = until.toISOString();
    schedule({ content, sendAt }).then(() => {
      clear();
      toasts.done(t('isScheduled', { time: moment(sendAt) }));
    }, toasts.fail);
  };
  return (
    <TimeMenu
      title={t('sendLater')}
      labels={labels}
      choose={choose}
      side="top"
      trigger={<IconButton icon={Clock} label={t('sendLater')} id="later" disabled={!content} />}
      focusAfter="reply"
    />
  );
}

interface ScheduledProps {
  token: string;
  /** edit puts the text into the field for a reply. */
  edit: (text: string) => void;
}

/** Scheduled shows the reply that a conversation has to send later, or that is held. */
export function Scheduled({ token, edit }: ScheduledProps) {
  const { api } = useSession();
  const toasts = useToasts();
  const { remove } = useScheduling(token);
  const times = useRow(token)?.scheduledReply;
  const read = useQuery({
    queryKey: keys.scheduled(token, times?.sendAt, times?.heldAt),
    queryFn: ({ signal }) => api.get<ScheduledReply>(at(token), signal),
    enabled: !!times,
    staleTime: 0, // another reply may have the same time
  });
  if (!times) return null;
  const { content = '', problem = null } = read.data ?? {};
  const take = () => {
    remove().then(() => edit(content), toasts.fail);
  };
  return (
    <section className={times.heldAt ? 'scheduled held' : 'scheduled'} aria-label={t('sendLater')}>
      <p>
        <b>
          <Clock aria-hidden="true" />
          {!times.heldAt
            ? t('isSentAt', { time: moment(times.sendAt) })
            : problem
              ? t('isHeldFor', { reason: problem })
              : t('isHeld')}
        </b>
        <q dir="auto">{content}</q>
      </p>
      <span className="buttons">
        <button type="button" className="button" id="edit-scheduled" disabled={!content} onClick={take}>
          <Pencil aria-hidden="true" />
          {t('edit')}
        </button>
        <button type="button" className="button" id="remove-scheduled" onClick={() => void remove().catch(toasts.fail)}>
          <X aria-hidden="true" />
          {t('remove')}
        </button>
      </span>
    </section>
  );
}
