// The messages of a conversation.
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Message } from '../../../libs/web/api';
import { clock, day, moment } from './parts';
import type { Store } from './store';
import { texts } from './texts';
import type { Draft, LoadedThread } from './thread';
import { timeline, type Entry } from './timeline';

/** nearBottom is the distance in pixels from the end within which the log follows new messages. */
const nearBottom = 48;

export function Log({ store, loaded, name }: { store: Store; loaded: LoadedThread; name: string }) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  });
  const users = new Map([...loaded.thread.users, ...store.users].map((u) => [u.id, u.name]));
  const authorOf = (m: Message) => {
    if (m.senderType === 'VISITOR') return name;
    if (m.senderType === 'SYSTEM') return texts.system;
    return users.get(m.userId || 0) || texts.agent;
  };
  const retry = (draft: Draft) => store.deliver(loaded.thread.conversation.token, draft);
  return (
    <div
      class="log"
      ref={box}
      role="log"
      aria-live="polite"
      tabIndex={0}
      aria-label={name}
      onScroll={(e) => {
        const { scrollHeight, scrollTop, clientHeight } = e.currentTarget;
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < nearBottom;
      }}
    >
      {timeline(loaded, authorOf, day).map(row)}
      {loaded.drafts.map((d) => (
        <DraftRow key={d.id} draft={d} retry={() => retry(d)} />
      ))}
      <div class="typing" aria-live="polite">
        {loaded.isVisitorTyping ? `${name} ${texts.typing}` : ''}
      </div>
    </div>
  );
}

function row(entry: Entry) {
  switch (entry.kind) {
    case 'day':
      return (
        <div key={entry.key} class="day">
          <span>{entry.day}</span>
        </div>
      );
    case 'joined':
      return (
        <div key={entry.key} class="line">
          <b dir="auto">{entry.name}</b> {texts.joined}
        </div>
      );
    case 'author':
      return (
        <div key={entry.key} class={'author ' + entry.side} dir="auto">
          {entry.name} {entry.isByProgram && <small>· {texts.byProgram}</small>} <time>{clock(entry.at)}</time>
        </div>
      );
    case 'message':
      return (
        <div key={entry.key} class={'message ' + entry.side} dir="auto" title={moment(entry.message.createdAt)}>
          {entry.message.content}
        </div>
      );
    case 'read':
      return (
        <div key={entry.key} class="state">
          {texts.seen}
        </div>
      );
  }
}

function DraftRow({ draft, retry }: { draft: Draft; retry: () => void }) {
  return (
    <div class="draft">
      <div class="message own" dir="auto">
        {draft.content}
      </div>
      {draft.state === 'failed' ? (
        <button type="button" class="state error" title={draft.error} onClick={retry}>
          {texts.retry}
        </button>
      ) : (
        <div class="state">{texts.sending}</div>
      )}
    </div>
  );
}
