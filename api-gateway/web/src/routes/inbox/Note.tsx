// Private notes: one in the log, and the field for a new one.
import { useQueryClient } from '@tanstack/react-query';
import { Lock, Send, Trash2 } from 'lucide-react';
import { useId, useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import type { Note, User } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { draftName } from '../../api/drafts';
import { useUsers } from '../../api/hooks';
import { applyNote, forgetNote } from '../../api/notes';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Markdown } from '../../ui/Markdown';
import { explain, IconButton } from '../../ui/parts';
import { clock, moment } from '../../ui/time';
import { useToasts } from '../../ui/toasts';
import { useGrowing } from '../../ui/useGrowing';
import { isAdmin } from '../team/roles';
import { begunMention, complete, mentionsIn, suggestions } from './mentions';

const maxNote = 16_384; // characters

interface NoteRowProps {
  token: string;
  note: Note;
  author: string;
}

/** NoteRow is a note in the log. Its author and admins can remove it. */
export function NoteRow({ token, note, author }: NoteRowProps) {
  const { api, membership, isWritable } = useSession();
  const queries = useQueryClient();
  const toasts = useToasts();
  const isRemovable = isWritable && (note.authorId === membership.userId || isAdmin(membership.role));
  const remove = () => {
    forgetNote(queries, note.id);
    api.call('DELETE', path`/conversations/${token}/notes/${note.id}`).catch((err) => {
      applyNote(queries, token, note);
      toasts.fail(err);
    });
  };
  return (
    <div className="private-note" title={moment(note.createdAt)}>
      <header>
        <Lock aria-hidden="true" />
        <b dir="auto">{t('noteBy', { name: author })}</b>
        <time dateTime={note.createdAt}>{clock(note.createdAt)}</time>
        {isRemovable && <IconButton icon={Trash2} label={t('removeNote')} className="small" onClick={remove} />}
      </header>
      <div className="note-text" dir="auto">
        <Markdown text={note.content} />
      </div>
    </div>
  );
}

/** NoteField is the field for a new note. `@` suggests agents to mention. */
export function NoteField({ token }: { token: string }) {
  const { api, live } = useSession();
  const queries = useQueryClient();
  const users = useUsers();
  const draft = draftName(token, 'note');
  const input = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => live.drafts.of(draft));
  const [caret, setCaret] = useState(0);
  const [at, setAt] = useState(0);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const key = useRef(''); // of the note that is being written, in all attempts
  const id = useId();
  const begun = begunMention(text, caret);
  const found = begun ? suggestions(users, begun.name) : [];
  const isComplete = begun && found.some((u) => u.name === begun.name);
  const offered = isComplete ? [] : found;
  useGrowing(input, text);
  const write = (value: string, position: number) => {
    key.current = '';
    setText(value);
    setCaret(position);
    setAt(0);
    live.drafts.set(draft, value);
  };
  const choose = (user: User) => {
    const [next, position] = complete(text, begun!, user);
    write(next, position);
    input.current!.focus();
    requestAnimationFrame(() => input.current?.setSelectionRange(position, position));
  };
  const save = async () => {
    const content = text.trim();
    if (!content || isBusy) return;
    setBusy(true);
    setError('');
    try {
      const mentions = mentionsIn(content, users);
      key.current ||= crypto.randomUUID();
      const at = path`/conversations/${token}/notes`;
      const note = await api.call<Note>('POST', at, { content, mentions }, { key: key.current });
      applyNote(queries, token, note);
      write('', 0);
    } catch (err) {
      setError(explain(err));
    }
    setBusy(false);
  };
  const onKeyDown = (e: KeyboardEvent<HTMLTextAreaElement>) => {
    if (e.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (offered.length && step) {
      e.preventDefault();
      setAt((at + step + offered.length) % offered.length);
    } else if (offered.length && (e.key === 'Enter' || e.key === 'Tab')) {
      e.preventDefault();
      choose(offered[at]!);
    } else if (offered.length && e.key === 'Escape') {
      e.stopPropagation();
      setCaret(0);
    } else if (e.key === 'Enter' && !e.shiftKey) {
      e.preventDefault();
      void save();
    }
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    void save();
  };
  return (
    <form className="composer note-composer" onSubmit={submit}>
      {offered.length > 0 && (
        <ul className="mentions" id={id} role="listbox" aria-label={t('agents')}>
          {offered.map((user, i) => (
            <li
              key={user.id}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === at}
              onPointerDown={(e) => {
                e.preventDefault();
                choose(user);
              }}
            >
              {user.name}
            </li>
          ))}
        </ul>
      )}
      <textarea
        id="note"
        ref={input}
        rows={1}
        dir="auto"
        aria-label={t('writeNote')}
        placeholder={t('writeNote')}
        aria-autocomplete="list"
        aria-controls={offered.length ? id : undefined}
        aria-activedescendant={offered.length ? `${id}-${at}` : undefined}
        maxLength={maxNote}
        value={text}
        autoFocus
        onChange={(e) => write(e.currentTarget.value, e.currentTarget.selectionStart)}
        onKeyDown={onKeyDown}
      />
      <button className="primary round" aria-label={t('saveNote')} disabled={!text.trim() || isBusy}>
        <Send aria-hidden="true" />
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
