// The field for a reply. Its text is kept until it is sent.
import { SendHorizontal } from 'lucide-react';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useSession } from '../../api/session';
import { lastAnswer, type ThreadState } from '../../api/thread';
import { t } from '../../texts';
import { useCommands } from '../../ui/commands';
import { useGrowing } from '../../ui/useGrowing';
import { useUsers } from '../../api/hooks';
import { Later, Scheduled } from './Later';
import { NoteField } from './Note';
import { useMacroCommands } from './macros';
import { usePicker } from './Picker';

const maxQuote = 120; // characters

interface ReplyProps {
  token: string;
  thread: ThreadState;
}

/** Reply is the field for a reply to the visitor, or for a private note. */
export function Reply({ token, thread }: ReplyProps) {
  const { live, isWritable } = useSession();
  const [isNote, setNote] = useState(false);
  useMacroCommands(token, isWritable);
  useCommands(
    isWritable
      ? [
          { id: 'reply', label: t('write'), keys: 'r', run: () => show(false) },
          { id: 'note', label: t('writeNote'), keys: 'n', run: () => show(true) },
        ]
      : [],
  );
  const show = (isPrivate: boolean) => {
    setNote(isPrivate);
    requestAnimationFrame(() => document.getElementById(isPrivate ? 'note' : 'reply')?.focus());
  };
  if (!isWritable) return <p className="reply dim">{t('readOnly')}</p>;
  return (
    <section className={isNote ? 'reply is-note' : 'reply'} aria-label={isNote ? t('note') : t('reply')}>
      <div className="modes">
        <button type="button" aria-pressed={!isNote} onClick={() => show(false)} title="r">
          {t('reply')}
        </button>
        <button type="button" id="to-note" aria-pressed={isNote} onClick={() => show(true)} title="n">
          {t('note')}
        </button>
        {isNote && <small>{t('noteIsPrivate')}</small>}
      </div>
      {isNote ? <NoteField token={token} /> : <ReplyField key={token + live.userId} token={token} thread={thread} />}
    </section>
  );
}

function ReplyField({ token, thread }: ReplyProps) {
  const { live } = useSession();
  const users = useUsers();
  const input = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => live.drafts.of(token));
  const newest = lastAnswer(thread);
  const [begunAfter, setBegunAfter] = useState(newest?.id ?? 0); // the newest answer when the agent began to write
  const [isAsked, setAsked] = useState(false);
  const isOvertaken = !!newest && newest.id > begunAfter && newest.userId !== live.userId;
  const isTouched = useRef(false);
  useEffect(() => {
    // An opened conversation is written to at once. Focus that is elsewhere by now, for example in a menu, stays there.
    const other = document.activeElement;
    const isFree = !other || other === document.body || other.closest('[data-token]');
    if (isFree && matchMedia('(min-width: 800px)').matches) input.current?.focus({ preventScroll: true });
    live.drafts.read(token).then(
      ({ reply }) => !isTouched.current && setText(reply),
      () => {}, // without the server, this browser's text stays
    );
    return () => live.reportTyping(token, false);
  }, []);
  useGrowing(input, text);
  const write = (value: string) => {
    if (!text.trim()) setBegunAfter(newest?.id ?? 0);
    isTouched.current = true;
    setText(value);
    live.drafts.set(token, value);
    live.reportTyping(token, !!value.trim());
  };
  const picker = usePicker(token, text, (value, caret) => {
    write(value);
    input.current?.focus();
    requestAnimationFrame(() => input.current?.setSelectionRange(caret, caret));
  });
  const send = () => {
    const content = text.trim();
    if (!content) return;
    if (isOvertaken && !isAsked) {
      setAsked(true);
      return;
    }
    setAsked(false);
    setText('');
    live.drafts.set(token, '');
    isTouched.current = true;
    void live.reply(token, content, thread.messages.at(-1)?.id);
    input.current?.focus();
  };
  const add = (more: string) => {
    write([text.trim(), more].filter(Boolean).join('\n'));
    input.current?.focus();
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    send();
  };
  return (
    <form onSubmit={submit}>
      <Scheduled token={token} edit={add} />
      {isAsked && newest && (
        <div className="overtaken" role="alert">
          <p>
            {t('answeredMeanwhile', { name: users.find((u) => u.id === newest.userId)?.name || t('agent') })}
            <q dir="auto">{newest.content.slice(0, maxQuote)}</q>
          </p>
          <span className="buttons">
            <button type="submit" className="primary">
              {t('sendAnyway')}
            </button>
            <button type="button" className="button" onClick={() => setAsked(false)}>
              {t('keepWriting')}
            </button>
          </span>
        </div>
      )}
      <div className="composer">
        {picker.list}
        <textarea
          {...picker.field}
          id="reply"
          ref={input}
          rows={1}
          dir="auto"
          aria-label={t('write')}
          placeholder={t('write')}
          maxLength={60_000}
          value={text}
          onChange={(e) => {
            picker.track(e.currentTarget.selectionStart);
            write(e.currentTarget.value);
          }}
          onBlur={() => live.reportTyping(token, false)}
          onKeyDown={(e) => {
            if (picker.onKeyDown(e)) return;
            if (e.key === 'Enter' && !e.shiftKey && !e.nativeEvent.isComposing) submit(e);
          }}
        />
        <Later token={token} content={text.trim()} clear={() => write('')} />
        <button className="primary round" aria-label={t('send')} disabled={!text.trim()}>
          <SendHorizontal aria-hidden="true" />
        </button>
      </div>
    </form>
  );
}
