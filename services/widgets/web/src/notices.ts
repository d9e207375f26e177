// Notices of new messages while the panel is closed or the tab is hidden: the page's title, a preview and a sound. The
// badge is a part of the launcher.
import type { App } from './app';
import { button, el, icon, on } from './dom';
import { face } from './face';
import { plain } from './markdown';
import { pageTitle } from './page';
import { isWanted } from './quiet';
import { safely } from './safely';
import { ring } from './sound';
import { addStyles } from './styles';
import { englishAnd, type Texts } from './words';
import { unread, type ChatMessage } from './transcript';

const announced = 100; // milliseconds until screen readers know the region that the preview appears in
const maxPreview = 200; // characters

export const createNotices = (app: App) => new Notices(app);

export class Notices {
  private readonly _texts: Texts;
  private readonly _preview = el('div', 'preview', { role: 'status' });
  private _shown?: ChatMessage | undefined; // in the preview
  private _rung = 0; // arrived messages that the sound was for

  constructor(private readonly _app: App) {
    this._texts = englishAnd(_app.texts);
    addStyles(_app.host);
    _app.host.root.querySelector('.launcher')!.before(this._preview);
    on(this._preview, 'keydown', (e) => {
      if (e.key === 'Escape') this._dismiss();
    });
    setTimeout(
      safely(() => this.draw()),
      announced,
    );
  }

  /** draw shows what is new, and removes what the visitor has read. */
  draw() {
    const { _app } = this;
    const { settings, isOpen, arrived } = _app;
    const chat = _app.chat!;
    const found = unread(chat.messages, 'USER');
    const last = isOpen && !document.hidden ? undefined : found[found.length - 1];
    const isTitled = last && isWanted('title', settings);
    pageTitle.replace(isTitled ? `(${found.length}) ${this._texts.newMessage}` : '');
    const isPreviewed = last && !isOpen && last.id > chat.saved.dismissed && isWanted('preview', settings);
    this._showPreview(isPreviewed ? last : undefined);
    if (last && arrived > this._rung && isWanted('sound', settings)) {
      safely(ring)(settings.websiteClientToken, last.id, () => last.state === 'read');
    }
    this._rung = arrived;
  }

  private _showPreview(message?: ChatMessage) {
    const { _preview, _texts, _app } = this;
    const agent = _app.chat!.agents.get(message?.agent || 0);
    const name = agent?.name || _texts.agent;
    _preview.hidden = !message;
    if (message === this._shown && (!message || _preview.querySelector('.name')!.textContent === name)) return;
    this._shown = message;
    _preview.replaceChildren();
    if (!message) return;
    _preview.append(
      button(
        'open',
        {},
        () => _app.toggle(true),
        face(name, agent?.avatarUrl),
        el('span', 'name', { dir: 'auto' }, name),
        el('span', 'text', { dir: 'auto' }, plain(message.content).slice(0, maxPreview)),
      ),
      button('icon', { 'aria-label': _texts.dismiss }, () => this._dismiss(), icon('M6 6l12 12M18 6L6 18')),
    );
  }

  /** remove makes place for notices in another language. */
  remove() {
    this._preview.remove();
  }

  private _dismiss() {
    const { _app } = this;
    _app.chat!.saved.dismissed = this._shown?.id || 0;
    _app.focus();
    this.draw();
  }
}
