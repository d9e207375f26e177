// The panel on the screen. It covers a small screen: there it is a modal dialog, so that the browser makes the page
// inert. The page's elements aren't changed: nothing must be restored, whatever the page does meanwhile.
import { on } from './dom';
import { smallScreen } from './screen';
import { nextTask } from './task';

const zoomed = 1.1; // scale of the visual viewport from which the visitor has zoomed in

const createSheet = () => {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(':root{overflow:hidden!important}');
    return [sheet];
  } catch {
    return []; // browsers older than 2023 have no constructable style sheets: there the page scrolls
  }
};
const noScrolling = createSheet();

function setScrolling(isAllowed: boolean) {
  const [own] = noScrolling;
  if (!own || document.adoptedStyleSheets.includes(own) !== isAllowed) return;
  const others = document.adoptedStyleSheets.filter((sheet) => sheet !== own);
  document.adoptedStyleSheets = isAllowed ? others : [...others, own];
}

export class Cover {
  private readonly _screen = matchMedia(smallScreen);
  private _isOpen = false;
  private _filling?: Promise<void>;

  /**
   * parts are the content of the dialog. close closes the chat: the system asks for it, for example by the Back gesture
   * of a phone.
   */
  constructor(
    private readonly _dialog: HTMLDialogElement,
    private readonly _parts: HTMLElement[][],
    close: () => void,
  ) {
    _dialog.hidden = true;
    on(_dialog, 'cancel', (e) => {
      e.preventDefault();
      close();
    });
    on(_dialog, 'close', () => {
      if (this._isOpen && !_dialog.open) close();
    });
    this._screen.onchange = () => this.update();
    for (const event of ['resize', 'scroll']) window.visualViewport?.addEventListener(event, () => this._fit());
  }

  /** show shows the dialog, complete, or hides it at once. It reports whether it is shown. */
  async show(isOpen: boolean): Promise<boolean> {
    this._isOpen = isOpen;
    if (isOpen) await (this._filling ||= this._fill());
    if (isOpen !== this._isOpen) return false;
    this.update();
    return isOpen;
  }

  /**
   * _fill lays the dialog out before it is seen, some of its parts in each task. Otherwise the browser would compute
   * the styles and the layout of all in one long task.
   */
  private async _fill() {
    const { _dialog, _parts } = this;
    this._fit();
    _dialog.classList.add('unseen');
    _dialog.hidden = false;
    for (const parts of _parts) {
      await nextTask();
      _dialog.append(...parts);
      _dialog.getBoundingClientRect(); // computes the layout
    }
    await nextTask();
    _dialog.classList.remove('unseen');
  }

  /** update shows the dialog as the screen needs it, also after the page has removed it and it is back. */
  update() {
    const { _dialog, _isOpen } = this;
    const isModal = _isOpen && this._screen.matches;
    const focused = (_dialog.getRootNode() as ShadowRoot).activeElement as HTMLElement | null;
    this._fit();
    setScrolling(!isModal);
    if (isModal) _dialog.setAttribute('aria-modal', 'true');
    else _dialog.removeAttribute('aria-modal');
    _dialog.hidden = !_isOpen;
    if (_dialog.open) _dialog.close();
    if (isModal)
      _dialog.showModal(); // the browser computes styles and layout here: changes after it cost a second time
    else _dialog.open = _isOpen;
    if (_isOpen && focused && _dialog.contains(focused)) focused.focus();
  }

  /** _fit leaves the room to the keyboard of a phone. It covers the page without changing the page's size. */
  private _fit() {
    const { style } = this._dialog;
    const view = window.visualViewport;
    const isFitted = view && this._isOpen && this._screen.matches && view.scale < zoomed;
    // Reading these computes the layout, and writing them the styles of all in the panel.
    const sizes = isFitted ? { top: view.offsetTop, height: view.height } : { top: '', height: '' };
    for (const [name, size] of Object.entries(sizes)) {
      const value = size === '' ? '' : size + 'px';
      if (style.getPropertyValue('--' + name) !== value) style.setProperty('--' + name, value);
    }
  }
}
