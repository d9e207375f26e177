// The files of the reply that the agent writes: the button that adds some, pasted and dropped ones, and how much of each
// is uploaded.
import { Paperclip, X } from 'lucide-react';
import { useEffect, useRef, useState, type ClipboardEvent, type RefObject } from 'react';
import { factsOf } from '../../../../../libs/web/attachments';
import { maxFiles, type Reason, type Upload, type Uploads } from '../../../../../libs/web/uploads';
import { language, t, type Key } from '../../texts';
import { IconButton } from '../../ui/parts';
import './files.css';

const attachButton = 'attach';

const reasons: Record<Reason, Key> = {
  empty: 'fileEmpty',
  tooLarge: 'fileTooLarge',
  full: 'fileNoSpace',
  refused: 'fileRefused',
  broken: 'fileBroken',
};

/** pastedFiles returns the files that are pasted. If there is a text too, it is pasted alone. */
export const pastedFiles = ({ clipboardData }: ClipboardEvent): File[] =>
  clipboardData.getData('text/plain') ? [] : [...clipboardData.files];

/** useDrop calls add with the files that are dropped onto the page's main part around an element. */
export function useDrop(inside: RefObject<HTMLElement | null>, add: (files: File[]) => void) {
  const [isOver, setOver] = useState(false);
  const latest = useRef(add);
  latest.current = add;
  useEffect(() => {
    const area = inside.current?.closest<HTMLElement>('main');
    if (!area) return;
    const end = new AbortController();
    const { signal } = end;
    const over = (e: DragEvent) => {
      if (!e.dataTransfer?.types.includes('Files')) return;
      e.preventDefault();
      setOver(true);
    };
    const leave = (e: DragEvent) => {
      if (!area.contains(e.relatedTarget as Node | null)) setOver(false);
    };
    const drop = (e: DragEvent) => {
      setOver(false);
      if (!e.dataTransfer?.files.length) return;
      e.preventDefault();
      latest.current([...e.dataTransfer.files]);
    };
    area.addEventListener('dragover', over, { signal });
    area.addEventListener('dragleave', leave, { signal });
    area.addEventListener('drop', drop, { signal });
    return () => end.abort();
  }, []);
  return isOver;
}

/** AttachButton chooses files. */
export function AttachButton({ add }: { add: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton icon={Paperclip} label={t('attach')} id={attachButton} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(e) => {
          add([...(e.currentTarget.files ?? [])]);
          e.currentTarget.value = ''; // the same file can be chosen again
        }}
      />
    </>
  );
}

interface TrayProps {
  uploads: Uploads;
  list: readonly Upload[];
  /** isFull says that more files were added than a message can have. */
  isFull: boolean;
  /** isDue says that the reply is sent as soon as they are uploaded. */
  isDue: boolean;
}

/** Tray shows the files, and how much of each is uploaded. */
export function Tray({ uploads, list, isFull, isDue }: TrayProps) {
  return (
    <>
      {isFull && (
        <p className="error" role="alert">
          {t('tooManyFiles', { count: maxFiles })}
        </p>
      )}
      <ul className="tray" aria-label={t('files')} hidden={!list.length}>
        {list.map((upload) => (
          <TrayRow key={upload.key} upload={upload} uploads={uploads} />
        ))}
      </ul>
      <p className="dim" role="status">
        {isDue && t('sending')}
      </p>
    </>
  );
}

function TrayRow({ upload, uploads }: { upload: Upload; uploads: Uploads }) {
  const { key, file, state, part, reason } = upload;
  const { name } = file;
  const remove = () => {
    uploads.remove(key);
    document.getElementById(attachButton)?.focus(); // the row's button disappears
  };
  return (
    <li>
      <span className="file-name" dir="auto">
        {name}
      </span>
      <small>{factsOf(file, language)}</small>
      {state !== 'done' && state !== 'failed' && <progress aria-label={t('uploading', { name })} value={part} />}
      {reason && (
        <span className="error" role="alert">
          {t(reasons[reason])}
        </span>
      )}
      {reason === 'broken' && (
        <button type="button" className="link" onClick={() => uploads.retry(key)}>
          {t('tryAgain')}
        </button>
      )}
      <IconButton icon={X} label={t('removeNamed', { name })} onClick={remove} />
    </li>
  );
}
