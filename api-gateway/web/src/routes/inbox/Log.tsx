// The messages of a conversation.
import { ArrowDown, Sparkles } from 'lucide-react';
import { useLayoutEffect, useRef, useState } from 'react';
import type { Message } from '../../../../../libs/web/api';
import { useNotes, useOutbox, useTyping, useUsers } from '../../api/hooks';
import { useSession } from '../../api/session';
import { lastAnswer, type Draft, type ThreadState } from '../../api/thread';
import { t } from '../../texts';
import { clock, day, moment } from '../../ui/time';
import { MessageBody } from './MessageBody';
import { NoteRow } from './Note';
import { timeline, type Entry } from './timeline';

/** nearBottom is the distance in pixels from the end within which the log follows new messages. */
const nearBottom = 48;

interface LogProps {
  token: string;
  thread: ThreadState;
  name: string;
}

export function Log({ token, thread, name }: LogProps) {
  const { live } = useSession();
  const users = useUsers();
  const drafts = useOutbox(token);
  const notes = useNotes(token).data ?? [];
  const typing = useTyping(token);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const [hasNews, setNews] = useState(false);
  const lastId = `${thread.messages.at(-1)?.id} ${notes.at(-1)?.id}`;
  const toEnd = () => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
    setNews(false);
  };
  useLayoutEffect(() => {
    if (isAtEnd.current) toEnd();
  });
  useLayoutEffect(() => {
    if (!isAtEnd.current) setNews(true);
  }, [lastId]);
  const names = new Map([...thread.users, ...users].map((u) => [u.id, u.name]));
  const authorOf = (m: Message) => {
    if (m.senderType === 'VISITOR') return name;
    if (m.senderType === 'SYSTEM') return t('system');
    return names.get(m.userId || 0) || t('agent');
  };
  return (
    <div className="log-frame">
      <div
        className="log"
        ref={box}
        role="log"
        aria-live="polite"
        tabIndex={0}
        aria-label={t('messagesWith', { name })}
        onScroll={(e) => {
          const { scrollHeight, scrollTop, clientHeight } = e.currentTarget;
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < nearBottom;
          if (isAtEnd.current) setNews(false);
        }}
      >
        {timeline(thread, notes, drafts.length > 0, authorOf, day).map((entry) => (
          <EntryRow key={entry.key} entry={entry} names={names} token={token} />
        ))}
        {drafts.map((d) => (
          <DraftRow
            key={d.id}
            draft={d}
            answeredBy={d.isOvertaken ? names.get(lastAnswer(thread)?.userId ?? 0) || t('agent') : ''}
            retry={() => void (d.isOvertaken ? live.outbox.insist(token, d.id) : live.outbox.deliver(token, d.id))}
            discard={() => live.outbox.discard(token, d.id)}
          />
        ))}
        <div className="typing" aria-live="polite">
          {typing?.visitor && <span>{t('isTyping', { name })}</span>}
          {typing && typing.agent !== null && (
            <span className="agent-typing">
              {names.has(typing.agent) ? t('isTyping', { name: names.get(typing.agent)! }) : t('agentIsTyping')}
            </span>
          )}
        </div>
      </div>
      {hasNews && (
        <button type="button" className="to-end" onClick={toEnd}>
          <ArrowDown aria-hidden="true" />
          {t('newMessages')}
        </button>
      )}
    </div>
  );
}

interface EntryProps {
  entry: Entry;
  names: ReadonlyMap<number, string>;
  token: string;
}

function EntryRow({ entry, names, token }: EntryProps) {
  switch (entry.kind) {
    case 'day':
      return (
        <div className="day">
          <span>{entry.day}</span>
        </div>
      );
    case 'joined':
      return (
        <div className="line" dir="auto">
          {t('hasJoined', { name: entry.name })}
        </div>
      );
    case 'author':
      return (
        <div className={'author ' + entry.side} dir="auto">
          {entry.name}
          {entry.isByProgram && (
            <small>
              <Sparkles aria-hidden="true" />
              {t('byProgram')}
            </small>
          )}
          <time dateTime={entry.at}>{clock(entry.at)}</time>
        </div>
      );
    case 'message':
      return (
        <div className={'message ' + entry.side} dir="auto" title={moment(entry.message.createdAt)}>
          <MessageBody content={entry.message.content} files={entry.message.attachments} />
        </div>
      );
    case 'note':
      return <NoteRow token={token} note={entry.note} author={names.get(entry.note.authorId || 0) || t('agent')} />;
    case 'read':
      return <div className="state">{t('seen')}</div>;
  }
}

interface DraftProps {
  draft: Draft;
  /** answeredBy is the agent whose answer came first; '' for none. */
  answeredBy: string;
  retry: () => void;
  discard: () => void;
}

function DraftRow({ draft, answeredBy, retry, discard }: DraftProps) {
  return (
    <div className="draft">
      <div className={'message own' + (draft.state === 'failed' ? ' failed' : '')} dir="auto">
        <MessageBody content={draft.content} files={draft.files} />
      </div>
      {draft.state === 'failed' ? (
        <div className="state error" role="alert">
          {answeredBy ? t('notSentOvertaken', { name: answeredBy }) : `${t('notSent')} ${draft.error}`}
          <button type="button" className="link retry" onClick={retry}>
            {answeredBy ? t('sendAnyway') : t('tryAgain')}
          </button>
          <button type="button" className="link" onClick={discard}>
            {t('discard')}
          </button>
        </div>
      ) : (
        <div className="state">{t('sending')}</div>
      )}
    </div>
  );
}
