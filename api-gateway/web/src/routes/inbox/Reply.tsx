// The field for a reply. Its text and its files are kept until it is sent.
import { SendHorizontal } from 'lucide-react';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { namesOf } from '../../../../../libs/web/attachments';
import { useSession } from '../../api/session';
import { lastAnswer, type ThreadState } from '../../api/thread';
import { t } from '../../texts';
import { useCommands } from '../../ui/commands';
import { useGrowing } from '../../ui/useGrowing';
import { useFiles, useUsers } from '../../api/hooks';
import { Later, Scheduled } from './Later';
import { NoteField } from './Note';
import { useMacroCommands } from './macros';
import { usePicker } from './Picker';
import { AttachButton, pastedFiles, Tray, useDrop } from './Tray';

const maxQuote = 120; // characters

interface ReplyProps {
  token: string;
  thread: ThreadState;
}

interface FieldProps extends ReplyProps {
  attach: (files: File[]) => void;
  /** isFull says that more files were added than a message can have. */
  isFull: boolean;
}

/** Reply is the field for a reply to the visitor, or for a private note. */
export function Reply(props: ReplyProps) {
  const { isWritable } = useSession();
  return isWritable ? <WritableReply {...props} /> : <p className="reply dim">{t('readOnly')}</p>;
}

function WritableReply({ token, thread }: ReplyProps) {
  const { live } = useSession();
  const section = useRef<HTMLElement>(null);
  const [isNote, setNote] = useState(false);
  const [isFull, setFull] = useState(false);
  useMacroCommands(token);
  useCommands([
    { id: 'reply', label: t('write'), keys: 'r', run: () => show(false) },
    { id: 'note', label: t('writeNote'), keys: 'n', run: () => show(true) },
  ]);
  const show = (isPrivate: boolean) => {
    setNote(isPrivate);
    requestAnimationFrame(() => document.getElementById(isPrivate ? 'note' : 'reply')?.focus());
  };
  const attach = (files: File[]) => {
    setFull(!live.files.of(token).add(files));
    show(false); // a note has no files
  };
  const isOver = useDrop(section, attach);
  const className = ['reply', isNote && 'is-note', isOver && 'drop'].filter(Boolean).join(' ');
  const field = { token, thread, attach, isFull };
  return (
    <section ref={section} className={className} aria-label={isNote ? t('note') : t('reply')}>
      <div className="modes">
        <button type="button" aria-pressed={!isNote} onClick={() => show(false)} title="r">
          {t('reply')}
        </button>
        <button type="button" id="to-note" aria-pressed={isNote} onClick={() => show(true)} title="n">
          {t('note')}
        </button>
        {isNote && <small>{t('noteIsPrivate')}</small>}
      </div>
      {isNote ? <NoteField token={token} /> : <ReplyField key={token + live.userId} {...field} />}
    </section>
  );
}

function ReplyField({ token, thread, attach, isFull }: FieldProps) {
  const { live } = useSession();
  const users = useUsers();
  const input = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => live.drafts.of(token));
  const newest = lastAnswer(thread);
  const [begunAfter, setBegunAfter] = useState(newest?.id ?? 0); // the newest answer when the agent began to write
  const [isAsked, setAsked] = useState(false);
  const uploads = live.files.of(token);
  const files = useFiles(token);
  const [isDue, setDue] = useState(false); // the agent has sent the reply; it waits for its files
  const isBegun = !!text.trim() || files.length > 0;
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
  useEffect(() => {
    if (isBegun) setBegunAfter(newest?.id ?? 0);
  }, [isBegun]);
  useGrowing(input, text);
  const write = (value: string) => {
    isTouched.current = true;
    setDue(false);
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
    if (!isBegun) return;
    setDue(!uploads.isReady && !uploads.failed);
    if (!uploads.isReady) return; // if one has failed, the tray says why
    if (isOvertaken && !isAsked) {
      setAsked(true);
      return;
    }
    setAsked(false);
    setText('');
    live.drafts.set(token, '');
    isTouched.current = true;
    const { attachments } = uploads;
    const ifLast = thread.messages.at(-1)?.id;
    void live.reply(token, content || namesOf(attachments), { ifLast, files: attachments });
    uploads.clear();
    input.current?.focus();
  };
  useEffect(() => {
    if (isDue && (uploads.isReady || uploads.failed)) send();
  }, [isDue, files]);
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
      <Tray uploads={uploads} list={files} isFull={isFull && files.length > 0} isDue={isDue} />
      <Scheduled token={token} edit={add} />
      {isAsked && newest && (
        <Overtaken
          answer={newest.content}
          name={users.find((u) => u.id === newest.userId)?.name || t('agent')}
          keepWriting={() => setAsked(false)}
        />
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
          onPaste={(e) => {
            const pasted = pastedFiles(e);
            if (!pasted.length) return;
            e.preventDefault();
            attach(pasted);
          }}
          onBlur={() => live.reportTyping(token, false)}
          onKeyDown={(e) => {
            if (picker.onKeyDown(e)) return;
            if (e.key === 'Enter' && !e.shiftKey && !e.nativeEvent.isComposing) submit(e);
          }}
        />
        <AttachButton add={attach} />
        <Later token={token} content={files.length ? '' : text.trim()} clear={() => write('')} />
        <button className="primary round" aria-label={t('send')} disabled={!isBegun} aria-busy={isDue}>
          <SendHorizontal aria-hidden="true" />
        </button>
      </div>
    </form>
  );
}

interface OvertakenProps {
  answer: string;
  name: string;
  keepWriting: () => void;
}

/** Overtaken says that another agent has answered meanwhile. It is a part of the form, which it can send anyway. */
function Overtaken({ answer, name, keepWriting }: OvertakenProps) {
  return (
    <div className="overtaken" role="alert">
      <p>
        {t('answeredMeanwhile', { name })}
        <q dir="auto">{answer.slice(0, maxQuote)}</q>
      </p>
      <span className="buttons">
        <button type="submit" className="primary">
          {t('sendAnyway')}
        </button>
        <button type="button" className="button" onClick={keepWriting}>
          {t('keepWriting')}
        </button>
      </span>
    </div>
  );
}
