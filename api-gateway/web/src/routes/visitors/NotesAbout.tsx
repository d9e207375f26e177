// The private notes about a visitor: those that there are, and the field for another one.
import { useQueryClient } from '@tanstack/react-query';
import { Lock, Pencil, Send, Trash2 } from 'lucide-react';
import { useRef, useState, type FormEvent } from 'react';
import type { VisitorNote } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { useParts, useUsers } from '../../api/hooks';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Markdown } from '../../ui/Markdown';
import { explain, IconButton } from '../../ui/parts';
import { moment } from '../../ui/time';
import { useToasts } from '../../ui/toasts';
import { useGrowing } from '../../ui/useGrowing';
import { isAdmin } from '../team/roles';

const maxNote = 16_384; // characters

/** NotesAbout shows what the team has noted about a visitor. Agents add notes, and change their own. */
export function NotesAbout({ token }: { token: string }) {
  const { api, live, isWritable } = useSession();
  const queries = useQueryClient();
  const at = path`/visitors/${token}/notes`;
  const queryKey = keys.notesAbout(token);
  const notes = useParts<VisitorNote>(queryKey, at).data ?? [];
  const draft = 'about ' + token;
  const change = async (request: Promise<unknown>) => {
    await request;
    await queries.invalidateQueries({ queryKey });
  };
  if (!isWritable && !notes.length) return null;
  return (
    <section className="notes-about">
      <h2>{t('notes')}</h2>
      {notes.map((note) => (
        <NoteAbout key={note.id} note={note} at={`${at}/${note.id}`} change={change} />
      ))}
      {isWritable && (
        <NoteForm
          label={t('writeNoteAbout')}
          text={live.drafts.of(draft)}
          onWrite={(text) => live.drafts.set(draft, text)}
          save={(content, key) => change(api.call('POST', at, { content }, { key }))}
        />
      )}
    </section>
  );
}

interface NoteProps {
  note: VisitorNote;
  at: string;
  change: (request: Promise<unknown>) => Promise<void>;
}

function NoteAbout({ note, at, change }: NoteProps) {
  const { api, membership, isWritable } = useSession();
  const toasts = useToasts();
  const users = useUsers();
  const [isEdited, setEdited] = useState(false);
  const isOwn = isWritable && (note.authorId === membership.userId || isAdmin(membership.role));
  const author = users.find((u) => u.id === note.authorId)?.name;
  const save = async (content: string) => {
    await change(api.call('PATCH', at, { content }));
    setEdited(false);
  };
  return (
    <div className="private-note">
      <header>
        <Lock aria-hidden="true" />
        {author && <b dir="auto">{author}</b>}
        <time dateTime={note.createdAt}>{moment(note.createdAt)}</time>
        {isOwn && (
          <>
            <IconButton icon={Pencil} label={t('editNote')} className="small" onClick={() => setEdited(!isEdited)} />
            <IconButton
              icon={Trash2}
              label={t('removeNote')}
              className="small"
              onClick={() => void change(api.call('DELETE', at)).catch(toasts.fail)}
            />
          </>
        )}
      </header>
      {isEdited ? (
        <NoteForm label={t('editNote')} text={note.content} save={save} />
      ) : (
        <div className="note-text" dir="auto">
          <Markdown text={note.content} />
        </div>
      )}
    </div>
  );
}

interface FormProps {
  label: string;
  text: string;
  onWrite?: (text: string) => void;
  /** save stores a text. The same text has the same key, in all attempts. */
  save: (content: string, key: string) => Promise<void>;
}

function NoteForm({ label, text: before, onWrite, save }: FormProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(before);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const key = useRef('');
  useGrowing(input, text);
  const write = (value: string) => {
    key.current = '';
    setText(value);
    onWrite?.(value);
  };
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    const content = text.trim();
    if (!content || isBusy) return;
    setBusy(true);
    setError('');
    try {
      await save(content, (key.current ||= crypto.randomUUID()));
      write('');
    } catch (err) {
      setError(explain(err));
    }
    setBusy(false);
  };
  return (
    <form className="composer note-composer" onSubmit={submit}>
      <textarea
        ref={input}
        rows={1}
        dir="auto"
        aria-label={label}
        placeholder={label}
        maxLength={maxNote}
        value={text}
        onChange={(e) => write(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && !e.shiftKey && !e.nativeEvent.isComposing) void submit(e);
        }}
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
