// The files of the message that the visitor writes: the button that adds some, pasted and dropped ones, and how much of
// each is uploaded.
import { factsOf } from '../../../../libs/web/attachments';
import { maxFiles, type Reason, type Upload, type Uploads } from '../../../../libs/web/uploads';
import { button, el, icon, on } from './dom';
import { clipIcon } from './files';
import type { Texts } from './i18n';

interface Row {
  element: HTMLElement;
  state: string;
  progress: HTMLProgressElement;
}

export class Tray {
  readonly button: HTMLButtonElement;
  readonly element = el('ul', 'tray');
  private readonly _input = el('input', '', { type: 'file', multiple: '' });
  private readonly _rows = new Map<number, Row>(); // by the key of the upload

  /** onProblem gets the reason if files can't be added. */
  constructor(
    private readonly _uploads: Uploads,
    private readonly _texts: Texts,
    private readonly _language: string,
    private readonly _onProblem: (problem: string) => void,
  ) {
    this.button = button('icon attach', { 'aria-label': _texts.attach }, () => this._input.click(), clipIcon());
    on(this._input, 'change', () => {
      this._add(this._input.files);
      this._input.value = ''; // the same file can be chosen again
    });
  }

  /** takePasted adds the files that are pasted into a field. If there is a text too, it is pasted alone. */
  takePasted(field: HTMLElement) {
    on(field, 'paste', (e) => {
      const { clipboardData } = e;
      if (!clipboardData?.files.length || clipboardData.getData('text/plain')) return;
      e.preventDefault();
      this._add(clipboardData.files);
    });
  }

  /** takeDropped adds the files that are dropped onto an area. Elsewhere the browser would leave the page for them. */
  takeDropped(area: HTMLElement, isAccepting: () => boolean) {
    const mark = (isOver: boolean) => area.classList.toggle('drop', isOver);
    on(area, 'dragover', (e) => {
      if (!e.dataTransfer?.types.includes('Files')) return;
      e.preventDefault();
      if (isAccepting()) mark(true);
      else e.dataTransfer.dropEffect = 'none';
    });
    on(area, 'dragleave', (e) => area.contains(e.relatedTarget as Node | null) || mark(false));
    on(area, 'drop', (e) => {
      mark(false);
      const files = e.dataTransfer?.files;
      if (!files?.length) return;
      e.preventDefault();
      if (isAccepting()) this._add(files);
    });
  }

  private _add(files: Iterable<File> | null) {
    if (files && !this._uploads.add(files)) this._onProblem(this._texts.tooMany.replace('#', String(maxFiles)));
  }

  /** focus moves to the file that isn't uploaded. */
  focus() {
    this.element.querySelector<HTMLElement>('.error button, .error ~ button')?.focus();
  }

  /** draw changes only what differs, so that screen readers announce a failure once. */
  draw() {
    const { list } = this._uploads;
    this.element.hidden = !list.length;
    for (const upload of list) {
      const state = upload.reason || upload.state;
      let row = this._rows.get(upload.key);
      if (row?.state !== state) {
        const next = this._create(upload, state);
        if (row) row.element.replaceWith(next.element);
        else this.element.append(next.element);
        this._rows.set(upload.key, (row = next));
      }
      row.progress.value = upload.part;
    }
    for (const [key, { element }] of this._rows) {
      if (list.some((upload) => upload.key === key)) continue;
      element.remove();
      this._rows.delete(key);
    }
  }

  private _create({ key, file, reason }: Upload, state: string): Row {
    const { _texts, _uploads } = this;
    const { name } = file;
    const progress = el('progress', '', { 'aria-label': name });
    const remove = button(
      'icon',
      { 'aria-label': _texts.remove.replace('#', name) },
      () => {
        _uploads.remove(key);
        this.button.focus(); // this one disappears
      },
      icon('M6 6l12 12M18 6L6 18'),
    );
    const facts = el('small', '', {}, factsOf(file, this._language));
    const parts: HTMLElement[] = [el('span', 'file-name', { dir: 'auto' }, name), facts];
    if (reason) parts.push(el('span', 'error', { role: 'alert' }, this._explain(key, reason)));
    else if (state !== 'done') parts.push(progress);
    return { element: el('li', '', {}, ...parts, remove), state, progress };
  }

  /** _explain says why a file isn't uploaded. After a broken line, the visitor can try again. */
  private _explain(key: number, reason: Reason): HTMLElement | string {
    const { emptyFile, tooLarge, noRoom, unavailable, failed } = this._texts;
    if (reason === 'broken') return button('link', {}, () => this._uploads.retry(key), failed);
    return { empty: emptyFile, tooLarge, full: noRoom, refused: unavailable }[reason];
  }
}
