// The text and the files of a message. A picture is shown as a small one, which opens a large one; any other file by
// its name, type and size.
import { ExternalLink, Paperclip } from 'lucide-react';
import { useRef, useState } from 'react';
import type { Attachment } from '../../../../../libs/web/api';
import { factsOf, textOf } from '../../../../../libs/web/attachments';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { language, t } from '../../texts';
import { Dialog } from '../../ui/Dialog';
import { Markdown } from '../../ui/Markdown';
import './files.css';

interface BodyProps {
  content: string;
  files?: readonly Attachment[];
}

export function MessageBody({ content, files = [] }: BodyProps) {
  const text = textOf(content, files);
  return (
    <>
      {text && <Markdown text={text} />}
      {files.map((file) =>
        file.thumbnailUrl ? <Picture key={file.id} file={file} /> : <File key={file.id} file={file} />,
      )}
    </>
  );
}

function File({ file }: { file: Attachment }) {
  return (
    <a className="file" href={file.url} target="_blank" rel="noopener">
      <Paperclip aria-hidden="true" />
      <span>
        <span className="file-name" dir="auto">
          {file.name}
        </span>{' '}
        <small>{factsOf(file, language)}</small>
      </span>
    </a>
  );
}

/** Picture is a picture of a message. Addresses are valid for some hours: if one isn't, the thread is read again, once. */
function Picture({ file }: { file: Attachment }) {
  const { live } = useSession();
  const [isOpen, setOpen] = useState(false);
  const [failedUrl, setFailedUrl] = useState<string | null>(null);
  const isReadAgain = useRef(false);
  const { id, name, url, thumbnailUrl } = file;
  const fail = () => {
    setFailedUrl(thumbnailUrl);
    if (isReadAgain.current) return;
    isReadAgain.current = true;
    void live.queries.invalidateQueries({ queryKey: keys.thread(live.openToken) });
  };
  if (failedUrl === thumbnailUrl) return <File file={file} />;
  const alt = t('pictureNamed', { name });
  const size = { width: file.width ?? undefined, height: file.height ?? undefined };
  return (
    <>
      <button type="button" className="picture" id={'picture-' + id} onClick={() => setOpen(true)}>
        <img src={thumbnailUrl!} alt={alt} loading="lazy" {...size} onError={fail} />
      </button>
      <Dialog title={name} isOpen={isOpen} close={() => setOpen(false)} kind="large" focusAfter={'picture-' + id}>
        <img className="large-picture" src={url} alt={alt} {...size} />
        <a className="link" href={url} target="_blank" rel="noopener">
          <ExternalLink aria-hidden="true" />
          {t('openOriginal')} <small>{factsOf(file, language)}</small>
        </a>
      </Dialog>
    </>
  );
}
