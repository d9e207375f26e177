// The panel: the messages, the composer and the forms. It is the entry point of the script that is loaded when the chat
// is opened.
import type { Widget } from '../../../../libs/web/api';
import css from '../build/panel.css';
import type { App } from './app';
import { maxMessageBytes, type Chat } from './chat';
import { button, el, icon, on } from './dom';
import { fillForm } from './form';
import type { Texts } from './i18n';
import { MessageLog } from './log';
import { ratingForm } from './rating';
import { formFields, welcomeMessages, type Field } from './settings';

const maxInputHeight = 128; // pixels
const composing = 229; // the keyCode of a key that an input method handles; Safari reports the last one with it alone

export const createPanel = (app: App) => new Panel(app);

export class Panel {
  private readonly _settings: Widget;
  private readonly _chat: Chat;
  private readonly _texts: Texts;
  private readonly _panel: HTMLElement;
  private readonly _log: MessageLog;
  private readonly _typing = el('div', 'typing', { 'aria-live': 'polite' });
  private readonly _note = el('div', 'note', { role: 'status' });
  private readonly _input: HTMLTextAreaElement;
  private readonly _inputRow: HTMLElement;
  private readonly _end = el('div', 'end'); // replaces the input row after the conversation has ended
  private readonly _form = el('form', 'form', { novalidate: '' });
  private _isFormShown = false;
  private _notice?: string; // shown until the visitor continues to write
  private _endContent?: string; // what _end shows

  constructor(private readonly _app: App) {
    const { settings: _settings, chat: _chat, texts: _texts } = _app;
    this._settings = _settings;
    this._chat = _chat;
    this._texts = _texts;
    _app.host.addStyles(css);
    this._log = new MessageLog(_chat, _texts, welcomeMessages(_settings, _app.language));
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
    this._inputRow = el('div', 'row', {}, this._input, send);
    this._panel = this._createPanel();
    _app.host.root.prepend(this._panel);
    this._addListeners();
    this._input.value = _chat.saved.text;
    this.draw();
  }

  private _createPanel(): HTMLElement {
    const { _settings, _texts } = this;
    const close = button(
      'icon',
      { 'aria-label': _texts.close },
      () => this._app.toggle(false),
      icon('M6 6l12 12M18 6L6 18'),
    );
    const panel = el(
      'div',
      'panel ' + _settings.chatClass,
      { role: 'dialog', 'aria-label': _texts.title, part: 'chat' },
      el('header', _settings.chatTitleClass, { part: 'title' }, el('h2', '', {}, _texts.title), close),
      this._note,
      this._log.element,
      this._typing,
      this._form,
      this._end,
      this._inputRow,
    );
    if (!_settings.removeBranding) panel.append(el('div', 'brand', {}, 'Fivechat'));
    panel.hidden = true;
    return panel;
  }

  private _addListeners() {
    on(this._panel, 'keydown', (e) => {
      if (e.key === 'Escape') this._app.toggle(false);
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
    // The log keeps its end in view when the keyboard opens, the composer grows or the form of the end appears.
    new ResizeObserver(() => this._log.keepEnd()).observe(this._log.element);
  }

  /** show shows or hides the panel. takesFocus moves the focus into it. */
  show(isOpen: boolean, takesFocus: boolean) {
    const { _chat } = this;
    this._panel.hidden = !isOpen;
    if (!isOpen) return;
    const questions = formFields(this._settings, { name: this._texts.name, email: this._texts.email });
    if (questions.length && !this._isFormShown && !_chat.saved.asked && !_chat.messages.length) this._ask(questions);
    this.draw();
    this._resizeInput();
    if (takesFocus) this._focus();
    this._log.scrollToEnd();
  }

  private _focus() {
    let target: HTMLElement | null = this._input;
    if (this._isFormShown) target = this._form.querySelector('input');
    else if (this._inputRow.hidden) target = this._end.querySelector('button');
    target?.focus();
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
    this._log.scrollToEnd();
  }

  /** clear removes what the last visitor has typed. */
  clear() {
    this._input.value = this._chat.saved.text = this._notice = '';
    this._resizeInput();
    this._form.replaceChildren();
    this._end.replaceChildren();
    this._isFormShown = false;
  }

  private _showNotice(text: string) {
    this._notice = text;
    this.draw();
  }

  /** _setNote shows a text above the messages, with an action as a button beside it. '' hides the note. */
  private _setNote(text: string, actionText = '', action = () => {}) {
    const { _note } = this;
    const key = text + actionText;
    if (_note.dataset.key === key) return;
    _note.dataset.key = key;
    _note.hidden = !text;
    _note.replaceChildren(el('span', '', {}, text));
    if (actionText) _note.append(button('link', {}, action, actionText));
  }

  /** draw updates the display after a change of the chat. */
  draw() {
    const { _chat, _texts, _isFormShown } = this;
    this._log.draw();
    const agent = [..._chat.agents.values()].pop();
    this._typing.textContent = _chat.agentTyping ? `${agent ? agent.name : _texts.agent} ${_texts.typing}` : '';
    const isSending = _chat.messages.some((m) => m.state === 'sending');
    if (this._notice) this._setNote(this._notice);
    else if (_chat.isUnavailable) this._setNote(_texts.unavailable);
    else if (!navigator.onLine || (_chat.sendFailed && isSending)) this._setNote(_texts.offline);
    else if (!_chat.agentsOnline && !_isFormShown) {
      this._setNote(_texts.away, _texts.ticket, () => this._askForTicket());
    } else this._setNote('');
    const hasEnded = _chat.conversation?.status === 'CLOSED' && !isSending;
    this._log.element.hidden = this._typing.hidden = _isFormShown;
    this._form.hidden = !_isFormShown;
    this._inputRow.hidden = _isFormShown || hasEnded;
    this._end.hidden = _isFormShown || !hasEnded;
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
    _end.append(button('link', {}, startNew, _texts.again));
  }

  private _showForm(isShown: boolean) {
    this._isFormShown = isShown;
    this.draw();
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
