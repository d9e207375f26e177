// The visitor's earlier conversations: their list, and one of them to read. They cover the current one until the
// visitor goes back.
import type { OwnConversationPage } from '../../../../libs/web/api';
import type { Chat } from './chat';
import { button, el } from './dom';
import type { FileView } from './files';
import type { Texts } from './i18n';
import { MessageLog, type Thread } from './log';
import { plain } from './markdown';
import type { Times } from './time';

export type Row = OwnConversationPage['data'][number];

export class EarlierConversations {
  readonly element = el('div', 'earlier');
  thread?: Thread | undefined; // the one that the visitor reads
  private readonly _body = el('div', 'earlier-body');
  private readonly _back: HTMLButtonElement;
  private readonly _failure = el('div', 'error', { role: 'alert' });
  private _rows: Row[] = [];
  private _visitor = ''; // whose conversations are known
  private _token = ''; // the current one when they were read
  private _turn?: object; // the last conversation that the visitor has chosen

  /** onChange is called when there are others, and when the list is shown or left. */
  constructor(
    private readonly _chat: Chat,
    private readonly _texts: Texts,
    private readonly _times: Times,
    private readonly _showFile: FileView,
    private readonly _onChange: () => void,
  ) {
    this._back = button('link', {}, () => this._goBack());
    const heading = el('h3', '', {}, _texts.earlier);
    this.element.append(heading, this._body, this._failure, el('div', 'earlier-foot', {}, this._back));
    this.element.hidden = true;
  }

  get isShown() {
    return !this.element.hidden;
  }

  get hasRows() {
    return this._others.length > 0;
  }

  private get _others() {
    return this._rows.filter(({ conversation }) => conversation.token !== this._chat.conversation?.token);
  }

  /** draw reads which conversations there are, if that can have changed. */
  draw() {
    const { unreadCount, visitor, conversation } = this._chat;
    this._back.textContent = this._texts.back + (unreadCount ? ` (${unreadCount})` : '');
    const token = conversation?.token || '';
    const isKnown = visitor === this._visitor && (!this._token || token === this._token);
    this._token = token;
    if (isKnown) return;
    const isOther = visitor !== this._visitor;
    this._visitor = visitor;
    if (isOther) {
      this._rows = [];
      this.leave();
    }
    if (visitor) this._fetch(visitor, token);
  }

  private async _fetch(visitor: string, token: string) {
    try {
      const rows = await this._chat.listConversations();
      if (visitor !== this._visitor || token !== this._token) return;
      this._rows = rows;
      this._onChange();
    } catch {
      // The menu doesn't offer them.
    }
  }

  /** show shows the list. */
  show() {
    this._turn = this.thread = undefined;
    this._failure.textContent = '';
    this.element.hidden = false;
    const items = this._others.map((row) => el('li', '', {}, this._entry(row)));
    this._body.replaceChildren(el('ul', '', {}, ...items));
    this._onChange();
    (this._body.querySelector('button') || this._back).focus();
  }

  private _entry({ conversation, lastMessage }: Row): HTMLElement {
    const at = Date.parse(lastMessage?.createdAt || conversation.createdAt);
    return button(
      '',
      {},
      () => this._choose(conversation.token, conversation.status === 'OPEN'),
      el('span', 'text', { dir: 'auto' }, plain(lastMessage?.content || '')),
      el('time', '', { datetime: new Date(at).toISOString() }, this._times.day(at)),
    );
  }

  /** _choose shows a conversation. One that is open becomes the current one. */
  private async _choose(token: string, isOpen: boolean) {
    if (isOpen) {
      this.leave();
      return this._chat.continueConversation(token);
    }
    const turn = (this._turn = {});
    this._failure.textContent = '';
    try {
      const thread = await this._chat.readConversation(token);
      if (turn !== this._turn || !this.isShown) return;
      this.thread = thread;
    } catch {
      this._failure.textContent = this._texts.error;
      return;
    }
    const log = new MessageLog(this.thread, this._texts, this._times, this._showFile, []);
    log.draw();
    this._body.replaceChildren(log.element);
    log.scrollToEnd();
    this._onChange();
    log.focus();
  }

  private _goBack() {
    if (this.thread) this.show();
    else this.leave();
  }

  /** leave returns to the current conversation. */
  leave() {
    if (!this.isShown) return;
    this.element.hidden = true;
    this.thread = undefined;
    this._body.replaceChildren();
    this._onChange();
  }
}
