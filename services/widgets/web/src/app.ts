// The widget before the chat is opened: the launcher with its badge. The chat and its panel are a script of their own,
// loaded when they are needed.
import type { Widget } from '../../../../libs/web/api';
import type { Chat } from './chat';
import type { createChat } from './chatscript';
import { button, el, icon, image } from './dom';
import { Host } from './host';
import { textDirection, type KnownTexts } from './i18n';
import type { Notices } from './notices';
import type { Panel } from './panel';
import { safely, warn } from './safely';
import { smallScreen } from './screen';
import type { SavedState } from './storage';
import { nextTask } from './task';
import { isDarkTheme, themeProperties } from './theme';

const openPath = 'M21 12a8 8 0 0 1-8 8H4l2-3a8 8 0 1 1 15-5z';
const closePath = 'M5 9l7 7 7-7';

/** ChatScript is the module of the chat, the panel and the notices. */
export interface ChatScript {
  createChat: typeof createChat;
  createPanel(app: App): Panel;
  addStyles?(host: Host): void; // none in the script of the version before
  createNotices(app: App): Notices;
}

export class App {
  readonly host: Host;
  isOpen = false;
  arrived = 0; // messages of agents since the page was loaded
  private readonly _launcher: HTMLButtonElement;
  private readonly _icon = icon('');
  private readonly _badge = el('span', 'badge', { 'aria-hidden': 'true' });
  private _panel?: Panel;
  private _notices?: Notices;
  private _loading: Promise<ChatScript> | undefined;
  private _failures = 0; // of loading the script

  constructor(
    readonly settings: Widget,
    readonly saved: SavedState,
    public texts: KnownTexts,
    public language: string,
    public chat: Chat | undefined,
    private readonly _scriptUrl: string,
    private readonly _createChat: (script: ChatScript) => Chat,
    private readonly _emit: (event: string) => void,
    onDead: () => void,
  ) {
    this.host = new Host(
      language,
      textDirection(language),
      () => this._listen(),
      () => {
        this._panel?.show(false);
        onDead();
      },
    );
    const system = matchMedia('(prefers-color-scheme:dark)');
    system.onchange = () => this._setTheme(system.matches);
    this._setTheme(system.matches);
    this._launcher = button(
      'launcher ' + settings.buttonClass,
      { part: 'button', 'aria-haspopup': 'dialog' },
      () => this.toggle(),
      ...image(settings.launcherIconUrl),
      this._icon,
      this._badge,
    );
    this.host.root.append(this._launcher);
    this.draw();
    this.host.attach();
    // The panel was open on the page before. On a small screen it would cover the new page.
    if (saved.isOpen && !matchMedia(smallScreen).matches) this.toggle(true, false);
  }

  private _setTheme(isSystemDark: boolean) {
    const isDark = isDarkTheme(this.settings.theme, isSystemDark);
    this.host.setTheme(isDark, themeProperties(this.settings, isDark));
  }

  /** _listen adds the listeners again after document.open(), which removes them. Adding one twice does nothing. */
  private _listen() {
    addEventListener('online', this._draw);
    addEventListener('offline', this._draw);
    document.addEventListener('visibilitychange', this._markRead);
    this.chat?.listen();
    this._panel?.attach();
  }

  private readonly _draw = safely(() => this.draw());
  private readonly _markRead = safely(() => this.chat?.markRead());

  /** toggle shows or hides the panel. takesFocus moves the focus into it. */
  async toggle(open = !this.isOpen, takesFocus = true) {
    if (open === this.isOpen) return;
    this.isOpen = this.saved.isOpen = open;
    this.draw();
    if (open) {
      try {
        const script = await this._load();
        await this.connect();
        await nextTask();
        script.addStyles?.(this.host);
        await nextTask();
        this._panel ||= script.createPanel(this); // it may have been opened twice
        await nextTask();
      } catch (err) {
        warn(err);
        this.isOpen = this.saved.isOpen = false;
        this.draw();
        return;
      }
      if (!this.isOpen) return; // closed while the panel was loading
      this.chat!.resume().then(this._markRead);
    }
    if (this.chat) this.chat.isVisible = open;
    this.host.element.toggleAttribute('open', open);
    const shown = this._panel?.show(open, takesFocus);
    if (open) {
      await shown;
      if (!this.isOpen) return;
    } else if (takesFocus) this.focus();
    this._emit(open ? 'open' : 'close');
  }

  /** show shows or hides the launcher. The chat can be opened without it. */
  show(isShown: boolean) {
    this._launcher.hidden = !isShown;
  }

  /** speak changes the language. */
  async speak(language: string, texts: KnownTexts) {
    this.language = language;
    this.texts = texts;
    this.host.speak(language, textDirection(language));
    this._notices?.remove();
    this._notices = undefined;
    if (this._panel) {
      const { createPanel } = await this._load();
      this._panel.remove();
      this._panel = createPanel(this);
      this._panel.show(this.isOpen);
    }
    this.draw();
  }

  /** write puts a text into the input, unless the visitor has begun one. */
  write(text: string) {
    if (this.saved.text) return;
    this.saved.text = text;
    this._panel?.refill();
  }

  focus() {
    this._launcher.focus();
  }

  /** _notify shows notices of new messages. Their script isn't loaded before there is one. */
  private async _notify() {
    if (!this._notices && this.chat?.unreadCount && (!this.isOpen || document.hidden)) {
      const script = await this._load();
      this._notices ||= script.createNotices(this);
    }
    this._notices?.draw();
  }

  /** connect returns the chat. It loads its script first. */
  async connect(): Promise<Chat> {
    return (this.chat ||= this._createChat(await this._load()));
  }

  /**
   * _load fetches the chat's script, again if the last attempt failed. Some browsers remember that a module failed, so
   * each attempt has an address of its own. During an upgrade, a server of the version before may deliver its script.
   */
  private _load(): Promise<ChatScript> {
    const url = this._scriptUrl + (this._failures ? '?' + this._failures : '');
    this._loading ||= (import(url) as Promise<ChatScript>)
      .then((script) => {
        if (!script.createChat) throw new Error('the script of the chat is of another version');
        return script;
      })
      .catch((err) => {
        this._failures++;
        this._loading = undefined;
        throw err;
      });
    return this._loading;
  }

  /** clear removes from the screen what the last visitor has typed. */
  clear() {
    this._panel?.clear();
  }

  /** draw updates the display after a change of the chat. */
  draw() {
    const { texts, isOpen } = this;
    const unread = isOpen || !this.settings.notices.includes('badge') ? 0 : this.chat?.unreadCount;
    const label = isOpen ? texts.close : texts.open;
    this._badge.hidden = !unread;
    this._badge.textContent = String(unread || '');
    this._launcher.setAttribute('aria-label', label + (unread ? ', ' + unread : ''));
    this._icon.firstElementChild!.setAttribute('d', isOpen ? closePath : openPath);
    this._launcher.setAttribute('aria-expanded', String(isOpen));
    this._panel?.draw();
    safely(() => this._notify())();
  }
}
