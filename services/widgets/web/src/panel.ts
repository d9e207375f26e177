// The panel: the messages, the composer and the forms.
import type { Widget } from '../../../../libs/web/api';
import type { App } from './app';
import { maxMessageBytes, type Chat } from './chat';
import { Cover } from './cover';
import { button, el, icon, image, on } from './dom';
import { EarlierConversations } from './earlier';
import { EmojiPicker } from './emoji';
import { fillForm } from './form';
import { closedUntil } from './hours';
import { MessageLog, type Thread } from './log';
import { Menu } from './menu';
import { ratingForm } from './rating';
import { warn } from './safely';
import { asText, save } from './save';
import { formFields, messagesIn, type Field } from './settings';
import { addStyles } from './styles';
import { nextTask } from './task';
import { span, Times } from './time';
import { englishAnd, type Texts } from './words';

const maxInputHeight = 128; // pixels
const composing = 229; // the keyCode of a key that an input method handles; Safari reports the last one with it alone

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
  private readonly _input: HTMLTextAreaElement;
  private readonly _inputRow: HTMLElement;
  private readonly _emoji: EmojiPicker;
  private readonly _end = el('div', 'end'); // replaces the input row after the conversation has ended
  private readonly _earlier: EarlierConversations;
  private readonly _menu: Menu;
  private readonly _form = el('form', 'form', { novalidate: '' });
  private _isFormShown = false;
  private _notice?: string; // shown until the visitor continues to write
  private _endContent?: string; // what _end shows

  constructor(private readonly _app: App) {
    const { settings: _settings } = _app;
    const _chat = _app.chat!;
    const _texts = englishAnd(_app.texts);
    this._settings = _settings;
    this._chat = _chat;
    this._texts = _texts;
    addStyles(_app.host);
    const times = (this._times = new Times(_app.language));
    this._log = new MessageLog(_chat, _texts, times, messagesIn(_settings.welcomeMessages, _app.language));
    this._input = el('textarea', _settings.chatInputClass, {
      'aria-label': _texts.placeholder,
      placeholder: _texts.placeholder,
      part: 'input',
      rows: '1',
      dir: 'auto',
    });
    const send = button(
      'send',
      { 'aria-label': _texts.send, part: 'send' },
      () => this._submit(),
      icon('M4 12h14M12 5l7 7-7 7'),
    );
    this._emoji = new EmojiPicker(_texts, (emoji) => this._insert(emoji));
    this._inputRow = el('div', 'row', {}, this._emoji.button, this._input, send);
    this._earlier = new EarlierConversations(_chat, _texts, times, () => this._drawEarlier());
    this._menu = this._createMenu();
    this._panel = this._createPanel();
    this._cover = new Cover(this._panel, () => _app.toggle(false));
    _app.host.root.prepend(this._panel);
    this._addListeners();
    this._input.value = _chat.saved.text;
    this.draw();
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

  private _createPanel(): HTMLDialogElement {
    const { _settings, _texts } = this;
    const close = button(
      'icon',
      { 'aria-label': _texts.close },
      () => this._app.toggle(false),
      icon('M6 6l12 12M18 6L6 18'),
    );
    const panel = el(
      'dialog',
      'panel ' + _settings.chatClass,
      { 'aria-label': _texts.title, part: 'chat' },
      el(
        'header',
        _settings.chatTitleClass,
        { part: 'title' },
        ...image(_settings.logoUrl),
        el('div', 'heading', {}, el('h2', '', {}, _texts.title), this._replies),
        this._menu.element,
        close,
      ),
      this._log.element,
      this._typing,
      this._form,
      this._end,
      this._earlier.element,
      this._note,
      this._emoji.list,
      this._inputRow,
    );
    if (!_settings.removeBranding) panel.append(el('div', 'brand', {}, 'Fivechat'));
    return panel;
  }

  private _addListeners() {
    on(this._panel, 'pointerdown', (e) => this._menu.hideFor(e.target));
    on(this._panel, 'keydown', (e) => {
      if (e.key !== 'Escape') return;
      e.preventDefault();
      if (this._menu.isOpen) this._menu.close();
      else if (!this._emoji.list.hidden) this._hideEmoji();
      else if (this._earlier.isShown) this._earlier.leave();
      else this._app.toggle(false);
    });
    on(this._input, 'keydown', (e) => {
      if (e.key !== 'Enter' || e.shiftKey || e.isComposing || e.keyCode === composing) return;
      e.preventDefault();
      this._submit();
    });
    on(this._input, 'input', () => {
      if (this._notice) this._showNotice('');
      this._chat.saved.text = this._input.value;
      this._resizeInput();
      this._chat.reportTyping(!!this._input.value.trim());
    });
    on(this._input, 'blur', () => this._chat.reportTyping(false));
  }

  /** show shows or hides the panel. takesFocus moves the focus into it, a task later. */
  async show(isOpen: boolean, takesFocus?: boolean) {
    if (isOpen) this._begin();
    else this._earlier.leave();
    this._cover.show(isOpen);
    if (!isOpen) return;
    await nextTask();
    if (!this._app.isOpen) return;
    this._resizeInput();
    if (!takesFocus) return; // it was open on the last page
    this._focus();
    this._log.scrollToEnd();
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
    let target: HTMLElement | null = this._input;
    if (this._earlier.isShown) return;
    if (this._isFormShown) target = this._form.querySelector('input');
    else if (this._inputRow.hidden) target = this._end.querySelector('button');
    target?.focus();
  }

  /** _insert puts a text where the caret is. */
  private _insert(text: string) {
    const { _input } = this;
    _input.setRangeText(text, _input.selectionStart, _input.selectionEnd, 'end');
    _input.dispatchEvent(new Event('input'));
    _input.focus();
  }

  private _hideEmoji() {
    this._emoji.show(false);
    this._emoji.button.focus();
  }

  private _resizeInput() {
    const { style } = this._input;
    style.height = 'auto';
    style.height = Math.min(this._input.scrollHeight + 2, maxInputHeight) + 'px';
  }

  private _submit() {
    const content = this._input.value.trim();
    if (!content) return;
    const { _chat } = this;
    if (new TextEncoder().encode(content).length > maxMessageBytes || !_chat.send(content)) {
      this._showNotice(this._texts.tooLong);
      return;
    }
    this._input.value = _chat.saved.text = '';
    this._resizeInput();
    this._emoji.show(false);
    this._log.scrollToEnd();
  }

  /** refill shows the text that the page has written for the visitor. */
  refill() {
    this._input.value = this._chat.saved.text;
    this._resizeInput();
  }

  /** remove makes place for a panel in another language. */
  remove() {
    this.show(false);
    this._panel.remove();
  }

  /** clear removes what the last visitor has typed. */
  clear() {
    this._input.value = this._chat.saved.text = this._notice = '';
    this._resizeInput();
    this._form.replaceChildren();
    this._end.replaceChildren();
    this._endContent = '';
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
    else if (!_chat.agentsOnline && !_isCovered) {
      this._setNote(this._awayText(), _texts.ticket, () => this._askForTicket());
    } else this._setNote('');
    const hasEnded = _chat.conversation?.status === 'CLOSED' && !_isSending;
    this._log.element.hidden = this._typing.hidden = _isCovered;
    this._form.hidden = !this._isFormShown || this._earlier.isShown;
    this._inputRow.hidden = _isCovered || (hasEnded && !this._settings.reopen);
    if (this._inputRow.hidden) this._emoji.show(false);
    this._end.hidden = _isCovered || !hasEnded;
    if (hasEnded) this._drawEnd();
    else this._endContent = '';
  }

  /** _drawEnd offers the rating, if the website wants one, and a new conversation. */
  private _drawEnd() {
    const { _chat, _texts, _end } = this;
    const { ratingEnabled } = this._settings;
    const isRated = ratingEnabled && _chat.conversation!.rating;
    const content = isRated ? 'rated' : 'ended';
    if (this._endContent === content) return;
    this._endContent = content;
    _end.replaceChildren(el('div', '', { role: 'status' }, isRated ? _texts.thanks : _texts.ended));
    if (ratingEnabled && !isRated) {
      _end.append(...ratingForm(_texts, (stars, feedback) => _chat.rate(stars, feedback)));
    }
    const startNew = () => {
      _chat.leaveConversation();
      this._focus();
    };
    _end.append(
      button('link', {}, startNew, _texts.again),
      button('link', {}, () => this._save(), _texts.save),
    );
  }

  private _showForm(isShown: boolean) {
    this._isFormShown = isShown;
    this.draw();
    this._resizeInput();
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
