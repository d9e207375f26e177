// A conversation in a list.
import { Link } from '@tanstack/react-router';
import { Clock, Timer } from 'lucide-react';
import { memo } from 'react';
import type { InboxRow } from '../../../../../libs/web/api';
import { plain } from '../../../../../services/widgets/web/src/markdown';
import { useDraft, useNow, useOnline, useRow, useTeams, useTyping } from '../../api/hooks';
import { dueAt, isOverdue } from '../../api/rows';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Avatar } from '../../ui/parts';
import { ago, lasting, moment } from '../../ui/time';

/** visitorName is the name of the visitor, or a number if they can't be looked up. */
export const visitorName = ({ visitor, conversation }: Pick<InboxRow, 'visitor' | 'conversation'>) =>
  visitor?.name || t('visitorNumber', { id: conversation.visitorId });

/** lastLine is the last message, with its author if that isn't the visitor. */
function lastLine({ lastMessage, assignee }: InboxRow, userId: number): string {
  if (!lastMessage) return '';
  const text = plain(lastMessage.content);
  if (lastMessage.senderType !== 'USER') return text;
  if (lastMessage.userId === userId) return t('saidByYou', { text });
  const name = assignee && assignee.id === lastMessage.userId ? assignee.name : t('agent');
  return t('saidBy', { name, text });
}

/** Snippet shows what a search has found, with its marks. */
export function Snippet({ snippet }: { snippet: NonNullable<InboxRow['snippet']> }) {
  const characters = [...snippet.text];
  const parts = [];
  let end = 0;
  for (const [from = 0, to = 0] of snippet.marks) {
    if (from > end) parts.push(characters.slice(end, from).join(''));
    parts.push(<mark key={from}>{characters.slice(from, to).join('')}</mark>);
    end = to;
  }
  parts.push(characters.slice(end).join(''));
  return parts;
}

export interface RowProps {
  token: string;
  view: string;
  isOpen?: boolean;
  search?: string;
  snippet?: InboxRow['snippet'];
  tabIndex?: number;
  onFocus?: () => void;
}

export const Row = memo(({ token, view, isOpen = false, search, snippet, tabIndex, onFocus }: RowProps) => {
  const { membership } = useSession();
  const row = useRow(token);
  const typing = useTyping(token);
  const draft = useDraft(token);
  const now = useNow();
  const teams = useTeams();
  const isOnline = useOnline(row?.conversation.visitorId ?? 0);
  if (!row) return <div className="row loading" />;
  const { conversation, unreadByMe, waitingSince, lastMessage, assignee, snoozedUntil, spam, notes, scheduledReply } =
    row;
  const team = teams.find(({ id }) => id === row.teamId);
  const name = visitorName(row);
  const due = dueAt(row);
  const isLate = isOverdue(row, now);
  const at = lastMessage?.createdAt ?? conversation.createdAt;
  return (
    <Link
      to="/inbox/$view/$token"
      params={{ view, token }}
      search={search ? { search } : {}}
      className={'row' + (isOpen ? ' selected' : '') + (unreadByMe ? ' unread' : '')}
      aria-current={isOpen ? 'page' : undefined}
      tabIndex={tabIndex}
      onFocus={onFocus}
      data-token={token}
    >
      <Avatar name={name} online={isOnline} />
      <span className="what">
        <span className="top">
          <b dir="auto">{name}</b>
          <time dateTime={at} title={moment(at)}>
            {ago(at, now)}
          </time>
        </span>
        <span className="preview" dir="auto">
          {typing?.visitor ? (
            t('typing')
          ) : snippet ? (
            <Snippet snippet={snippet} />
          ) : draft && !isOpen ? (
            <>
              <b className="draft-mark">{t('draft')}</b> {draft}
            </>
          ) : (
            lastLine(row, membership.userId)
          )}
        </span>
        <span className="chips">
          {due && (
            <span
              className={isLate ? 'chip due late' : 'chip due'}
              title={t(due === row.responseDueAt ? 'responseDue' : 'resolutionDue', { time: moment(due) })}
            >
              <Timer aria-hidden="true" />
              {isLate
                ? t('overdueFor', { time: lasting(due, now) })
                : t('dueIn', { time: lasting(new Date(now).toISOString(), Date.parse(due)) })}
            </span>
          )}
          {waitingSince && !due && (
            <span className="chip waiting" title={t('waitingSince', { time: moment(waitingSince) })}>
              <Clock aria-hidden="true" />
              {t('waitingFor', { time: lasting(waitingSince, now) })}
            </span>
          )}
          {snoozedUntil && (
            <span className="chip" title={moment(snoozedUntil)}>
              {t('snoozedUntil', { time: moment(snoozedUntil) })}
            </span>
          )}
          {scheduledReply && (
            <span className={scheduledReply.heldAt ? 'chip waiting' : 'chip'} title={t('sendLater')}>
              {scheduledReply.heldAt ? t('isHeld') : t('isSentAt', { time: moment(scheduledReply.sendAt) })}
            </span>
          )}
          {spam ? (
            <span className="chip">{t('viewSpam')}</span>
          ) : (
            conversation.status === 'CLOSED' && <span className="chip">{t('closed')}</span>
          )}
          {notes > 0 && <span className="chip note-chip">{t('noteCount', { count: notes })}</span>}
          {conversation.tags.slice(0, 2).map((tag) => (
            <span key={tag} className="chip" dir="auto">
              {tag}
            </span>
          ))}
          {conversation.tags.length > 2 && <span className="chip">+{conversation.tags.length - 2}</span>}
          <span className="space" />
          {team && (
            <span className="chip" dir="auto" title={t('teamOf')}>
              {team.name}
            </span>
          )}
          {assignee && (
            <span className="chip plain" dir="auto">
              {assignee.name}
            </span>
          )}
        </span>
      </span>
      {!!unreadByMe && (
        <span className="badge" role="img" aria-label={t('unreadCount', { count: unreadByMe })}>
          {unreadByMe}
        </span>
      )}
    </Link>
  );
});
