// The panel: the messages, the composer and the forms.
import type { Widget } from '../../../../libs/web/api';
import type { App } from './app';
import type { Chat } from './chat';
import { Composer } from './composer';
import { Cover } from './cover';
import { button, el, icon, image, on } from './dom';
import { EarlierConversations } from './earlier';
import { End } from './end';
import { fileView } from './files';
import { fillForm } from './form';
import { closedUntil } from './hours';
import { MessageLog, type Thread } from './log';
import { Menu } from './menu';
import { warn } from './safely';
import { asText, save } from './save';
import { formFields, messagesIn, type Field } from './settings';
import { addStyles } from './styles';
import { nextTask } from './task';
import { span, Times } from './time';
import { englishAnd, type Texts } from './words';

export const createPanel = (app: App) => new Panel(app);

export class Panel {
  private readonly _settings: Widget;
  private readonly _chat: Chat;
  private readonly _texts: Texts;
  private readonly _times: Times;
  private readonly _panel: HTMLDialogElement;
  private readonly _cover: Cover;
  private readonly _log: MessageLog;
  private readonly _replies = el('p', 'replies');
  private readonly _typing = el('div', 'typing', { 'aria-live': 'polite' });
  private readonly _note = el('div', 'note', { role: 'status' });
  private readonly _composer: Composer;
  private readonly _end: End; // replaces the composer after the conversation has ended
  private readonly _earlier: EarlierConversations;
  private readonly _menu: Menu;
  private readonly _form = el('form', 'form', { novalidate: '' });
  private _isFormShown = false;
  private _notice?: string; // shown until the visitor continues to write

  constructor(private readonly _app: App) {
    const { settings: _settings } = _app;
    const _chat = _app.chat!;
    const _texts = englishAnd(_app.texts);
    this._settings = _settings;
    this._chat = _chat;
    this._texts = _texts;
    addStyles(_app.host);
    const times = (this._times = new Times(_app.language));
    const showFile = fileView(_chat.baseUrl, _app.language);
    const welcome = messagesIn(_settings.welcomeMessages, _app.language);
    this._log = new MessageLog(_chat, _texts, times, showFile, welcome);
    this._composer = new Composer(
      _chat,
      _texts,
      _app.language,
      _settings.chatInputClass,
      () => this._notice && this._showNotice(''),
      (problem) => (problem ? this._showNotice(problem) : this._log.scrollToEnd()),
    );
    this._end = new End(
      _chat,
      _texts,
      _settings.ratingEnabled,
      () => this._focus(),
      () => this._save(),
    );
    this._earlier = new EarlierConversations(_chat, _texts, times, showFile, () => this._drawEarlier());
    this._menu = this._createMenu();
    this._panel = el('dialog', 'panel ' + _settings.chatClass, { 'aria-label': _texts.title, part: 'chat' });
    this._cover = new Cover(this._panel, this._createParts(), () => _app.toggle(false));
    _app.host.root.prepend(this._panel);
    this._addListeners();
  }

  private _createMenu(): Menu {
    const { _chat, _texts, _earlier } = this;
    return new Menu(_texts.options, [
      {
        text: _texts.earlier,
        isOffered: () => _earlier.hasRows && !_earlier.isShown && !this._isFormShown,
        choose: () => _earlier.show(),
      },
      {
        text: _texts.save,
        isOffered: () => this._thread.messages.some((m) => m.id) && (!_earlier.isShown || !!_earlier.thread),
        choose: () => this._save(),
      },
      {
        text: _texts.end,
        isOffered: () => _chat.conversation?.status === 'OPEN' && !this._isSending && !this._isCovered,
        choose: () => this._close(),
      },
    ]);
  }

  /** _createParts returns the content of the panel, in groups that take about the same time to lay out. */
  private _createParts(): HTMLElement[][] {
    const { _settings, _texts } = this;
    const close = button(
      'icon',
      { 'aria-label': _texts.close },
      () => this._app.toggle(false),
      icon('M6 6l12 12M18 6L6 18'),
    );
    const header = el(
      'header',
      _settings.chatTitleClass,
      { part: 'title' },
      ...image(_settings.logoUrl),
      el('div', 'heading', {}, el('h2', '', {}, _texts.title), this._replies),
      this._menu.element,
      close,
    );
    const brand = _settings.removeBranding ? [] : [el('div', 'brand', {}, 'Fivechat')];
    return [
      [header],
      [this._log.element, this._typing, this._form, this._end.element, this._earlier.element, this._note],
      [this._composer.emojiList, this._composer.tray.element, this._composer.element, ...brand],
    ];
  }

  private _addListeners() {
    this._composer.tray.takeDropped(this._panel, () => this._composer.isShown);
    on(this._panel, 'pointerdown', (e) => this._menu.hideFor(e.target));
    on(this._panel, 'keydown', (e) => {
      if (e.key !== 'Escape') return;
      e.preventDefault();
      if (this._menu.isOpen) this._menu.close();
      else if (this._composer.hideEmoji()) return;
      else if (this._earlier.isShown) this._earlier.leave();
      else this._app.toggle(false);
    });
  }

  /** show shows or hides the panel. takesFocus moves the focus into it, a task later. */
  async show(isOpen: boolean, takesFocus?: boolean) {
    if (isOpen) this._begin();
    else this._earlier.leave();
    if (takesFocus) this._log.scrollToEnd(); // otherwise it was open on the last page
    if (!(await this._cover.show(isOpen))) return;
    await nextTask();
    if (!this._app.isOpen) return;
    this._composer.resize();
    if (takesFocus) this._focus();
  }

  /** _begin asks the questions that come before the first message. */
  private _begin() {
    const { _chat, _texts } = this;
    const questions = formFields(this._settings, { name: _texts.name, email: _texts.email });
    if (questions.length && !this._isFormShown && !_chat.saved.asked && !_chat.messages.length) this._ask(questions);
    this.draw();
  }

  /** attach shows the panel again after the page has removed the widget. */
  attach() {
    this._cover.update();
  }

  private _focus() {
    if (this._earlier.isShown) return;
    if (this._isFormShown) this._form.querySelector('input')?.focus();
    else if (this._composer.isShown) this._composer.focus();
    else this._end.focus();
  }

  /** refill shows the text that the page has written for the visitor. */
  refill() {
    this._composer.refill();
  }

  /** remove makes place for a panel in another language. */
  remove() {
    this.show(false);
    this._panel.remove();
  }

  /** clear removes what the last visitor has typed. */
  clear() {
    this._notice = '';
    this._composer.refill();
    this._form.replaceChildren();
    this._end.clear();
    this._isFormShown = false;
  }

  private get _isSending() {
    return this._chat.messages.some((m) => m.state === 'sending');
  }

  /** _isCovered reports whether something else than the current conversation is shown. */
  private get _isCovered() {
    return this._isFormShown || this._earlier.isShown;
  }

  /** _thread is the conversation that the visitor reads. */
  private get _thread(): Thread {
    return this._earlier.thread || this._chat;
  }

  private _save() {
    const date = new Date(this._thread.messages[0]!.at).toLocaleDateString('sv'); // like 2026-03-15
    save(asText(this._thread, this._texts, this._app.language), `chat-${date}.txt`);
  }

  private async _close() {
    try {
      await this._chat.close();
      this._focus();
    } catch (err) {
      warn(err);
      this._showNotice(this._texts.error);
    }
  }

  /** _drawEarlier follows the list of earlier conversations. What it covers counts as unread. */
  private _drawEarlier() {
    const { _chat, _earlier } = this;
    const wasCovered = this._log.element.hidden;
    _chat.isVisible = this._app.isOpen && !_earlier.isShown;
    _chat.markRead();
    this.draw();
    if (wasCovered && !this._isCovered && this._app.isOpen) this._focus();
  }

  private _showNotice(text: string) {
    this._notice = text;
    this.draw();
  }

  /** _setNote shows a text above the composer, with an action as a button beside it. '' hides the note. */
  private _setNote(text: string, actionText = '', action = () => {}) {
    const { _note } = this;
    const key = text + actionText;
    if (_note.dataset.key === key) return;
    _note.dataset.key = key;
    _note.hidden = !text;
    _note.replaceChildren(el('span', '', {}, text));
    if (actionText) _note.append(button('link', {}, action, actionText));
  }

  /** _awayText says that no agent is online, and outside of the business hours when agents are back. */
  private _awayText(): string {
    const { businessHours, awayMessages } = this._settings;
    const { away, backAt } = this._texts;
    const opening = closedUntil(businessHours, Date.now());
    if (businessHours && !opening) return away;
    const text = messagesIn(awayMessages, this._app.language).join('\n') || away;
    return opening ? text + '\n' + backAt.replace('#', this._times.moment(opening)) : text;
  }

  /** draw updates the display after a change of the chat. */
  draw() {
    const { _chat, _texts, _isCovered, _isSending } = this;
    this._log.draw();
    this._earlier.draw();
    this._menu.draw();
    const { replySeconds } = _chat;
    this._replies.hidden = replySeconds === null || !_chat.agentsOnline;
    if (replySeconds !== null) {
      this._replies.textContent = _texts.replies.replace('#', span(replySeconds, this._app.language));
    }
    const agent = [..._chat.agents.values()].pop();
    this._typing.textContent = _chat.agentTyping ? `${agent ? agent.name : _texts.agent} ${_texts.typing}` : '';
    if (this._notice) this._setNote(this._notice);
    else if (_chat.isUnavailable) this._setNote(_texts.unavailable);
    else if (!navigator.onLine || (_chat.sendFailed && _isSending)) this._setNote(_texts.offline);
    else if (this._composer.isDue) this._setNote(_texts.sending);
    else if (!_chat.agentsOnline && !_isCovered) {
      this._setNote(this._awayText(), _texts.ticket, () => this._askForTicket());
    } else this._setNote('');
    const hasEnded = _chat.conversation?.status === 'CLOSED' && !_isSending;
    this._log.element.hidden = this._typing.hidden = _isCovered;
    this._form.hidden = !this._isFormShown || this._earlier.isShown;
    this._composer.show(!_isCovered && (!hasEnded || this._settings.reopen));
    this._end.draw(hasEnded, _isCovered);
  }

  private _showForm(isShown: boolean) {
    this._isFormShown = isShown;
    this.draw();
    this._composer.resize();
    this._focus();
  }

  /** _ask shows the questions before the first message. */
  private _ask(questions: Field[]) {
    const { _chat, _texts } = this;
    fillForm(this._form, _texts, questions, _texts.begin, async (answers) => {
      await _chat.identify(answers);
      _chat.saved.asked = true;
      this._showForm(false);
    });
    this._showForm(true);
  }

  private _askForTicket() {
    const { _texts } = this;
    const fields = [
      { name: 'title', label: _texts.subject, type: 'text', required: true },
      { name: 'email', label: _texts.email, type: 'email', required: true },
      { name: 'description', label: _texts.details, type: 'long', required: false },
    ];
    fillForm(this._form, _texts, fields, _texts.send, async ({ title, email, description }) => {
      await this._chat.createTicket(title!, email!, description!);
      this._showForm(false);
      this._showNotice(_texts.ticketDone);
    });
    this._form.append(button('link', {}, () => this._showForm(false), _texts.back));
    this._showForm(true);
  }
}
