// The files of a message in the log: a picture as a small one, any other file as its name, type and size.
import type { Attachment } from '../../../../libs/web/api';
import { factsOf } from '../../../../libs/web/attachments';
import { el, icon, on } from './dom';

const clip = 'M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 5 5l-8.5 8.5a1.7 1.7 0 0 1-2.5-2.5L15 7';

export const clipIcon = () => icon(clip);

/** FileView creates the element of a file. It opens the file in a new tab. */
export type FileView = (file: Attachment) => HTMLElement;

/** fileView shows files of a server, with their sizes in a language. */
export const fileView =
  (baseUrl: string, language: string): FileView =>
  (file) => {
    const address = { href: baseUrl + file.url, target: '_blank', rel: 'noopener noreferrer' };
    const facts = [
      el('span', 'file-name', { dir: 'auto' }, file.name),
      ' ',
      el('small', '', {}, factsOf(file, language)),
    ];
    const row = el('a', 'file', address, clipIcon(), el('span', '', {}, ...facts));
    if (!file.thumbnailUrl) return row;
    const { width, height } = file;
    const picture = el('img', '', {
      alt: file.name,
      loading: 'lazy',
      referrerpolicy: 'no-referrer',
      ...(width && height && { width: String(width), height: String(height) }),
    });
    const link = el('a', 'picture', address, picture);
    on(picture, 'error', () => link.replaceWith(row)); // the page's policy may refuse pictures of the server
    picture.src = baseUrl + file.thumbnailUrl;
    return link;
  };
