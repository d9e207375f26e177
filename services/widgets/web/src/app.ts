// The widget before the chat is opened: the launcher with its badge, and the chat behind it. The panel is a script of
// its own, loaded when it is shown first.
import type { Widget } from '../../../../libs/web/api';
import type { Chat } from './chat';
import { button, el, icon } from './dom';
import { Host } from './host';
import { textDirection, type Texts } from './i18n';
import type { Panel } from './panel';
import { safely, warn } from './safely';
import { themeProperties } from './theme';

const maxPhoneWidth = 480; // pixels, as in the style sheets

/** PanelScript is the module of the panel. */
interface PanelScript {
  createPanel(app: App): Panel;
}

export class App {
  readonly host: Host;
  isOpen = false;
  private readonly _launcher: HTMLButtonElement;
  private readonly _badge = el('span', 'badge', { 'aria-hidden': 'true' });
  private _panel?: Panel;
  private _loading: Promise<PanelScript> | undefined;
  private _failures = 0; // of loading the panel

  constructor(
    readonly settings: Widget,
    readonly chat: Chat,
    readonly texts: Texts,
    readonly language: string,
    private readonly _panelUrl: string,
    private readonly _emit: (event: string) => void,
    onDead: () => void,
  ) {
    const properties = themeProperties(settings, matchMedia('(prefers-color-scheme:dark)').matches);
    this.host = new Host(language, textDirection(language), properties, () => this._listen(), onDead);
    this._launcher = button(
      'launcher ' + settings.buttonClass,
      { part: 'button', 'aria-haspopup': 'dialog' },
      () => this.toggle(),
      icon('M21 12a8 8 0 0 1-8 8H4l2-3a8 8 0 1 1 15-5z'),
      this._badge,
    );
    this.host.root.append(this._launcher);
    this.draw();
    this.host.attach();
    // The panel was open on the page before. On a phone it would cover the new page.
    if (chat.saved.isOpen && innerWidth > maxPhoneWidth) this.toggle(true, false);
  }

  /** _listen adds the listeners again after document.open(), which removes them. Adding one twice does nothing. */
  private _listen() {
    addEventListener('online', this._draw);
    addEventListener('offline', this._draw);
    document.addEventListener('visibilitychange', this._markRead);
    this.chat.listen();
  }

  private readonly _draw = safely(() => this.draw());
  private readonly _markRead = safely(() => this.chat.markRead());

  /** toggle shows or hides the panel. takesFocus moves the focus into it. */
  async toggle(open = !this.isOpen, takesFocus = true) {
    if (open === this.isOpen) return;
    this.isOpen = this.chat.saved.isOpen = open;
    this.draw();
    if (open) {
      try {
        const script = await this._load();
        this._panel ||= script.createPanel(this); // it may have been opened twice
      } catch (err) {
        warn(err);
        this.isOpen = this.chat.saved.isOpen = false;
        this.draw();
        return;
      }
      if (!this.isOpen) return; // closed while the panel was loading
      this.chat.start().then(
        () => this.chat.markRead(),
        () => this.draw(),
      );
    }
    this.chat.isVisible = open;
    this.host.element.toggleAttribute('open', open);
    this._panel?.show(open, takesFocus);
    if (!open && takesFocus) this._launcher.focus();
    this._emit(open ? 'open' : 'close');
  }

  /**
   * _load fetches the panel's script, again if the last attempt failed. Some browsers remember that a module failed, so
   * each attempt has an address of its own.
   */
  private _load(): Promise<PanelScript> {
    const url = this._panelUrl + (this._failures ? '?' + this._failures : '');
    this._loading ||= import(url).catch((err) => {
      this._failures++;
      this._loading = undefined;
      throw err;
    }) as Promise<PanelScript>;
    return this._loading;
  }

  /** clear removes from the screen what the last visitor has typed. */
  clear() {
    this._panel?.clear();
  }

  /** draw updates the display after a change of the chat. */
  draw() {
    const { texts, isOpen } = this;
    const unread = isOpen ? 0 : this.chat.unreadCount;
    const label = isOpen ? texts.close : texts.open;
    this._badge.hidden = !unread;
    this._badge.textContent = String(unread);
    this._launcher.setAttribute('aria-label', label + (unread ? ` (${unread})` : ''));
    this._launcher.setAttribute('aria-expanded', String(isOpen));
    this._panel?.draw();
  }
}
