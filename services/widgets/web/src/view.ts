// The display of the chat, in a shadow root: the launcher button and the panel.
import type { Widget } from '../../../../libs/web/api';
import css from '../build/widget.css';
import { maxMessageBytes, type Chat } from './chat';
import { button, el, icon, on } from './dom';
import { fillForm } from './form';
import { textDirection, type Texts } from './i18n';
import { MessageLog } from './log';
import { ratingForm } from './rating';
import { safely } from './safely';
import { formFields, welcomeMessages, type Field } from './settings';
import { themeProperties } from './theme';

const maxInputHeight = 128; // pixels

export class View {
  private _isOpen = false;
  private readonly _host = el('div', '');
  private readonly _root: ShadowRoot;
  private readonly _badge = el('span', 'badge', { 'aria-hidden': 'true' });
  private readonly _launcher: HTMLButtonElement;
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

  constructor(
    private readonly _settings: Widget,
    private readonly _chat: Chat,
    private readonly _texts: Texts,
    language: string,
    private readonly _emit: (event: string) => void,
  ) {
    this._host.dir = textDirection(language);
    this._host.lang = language;
    this._host.setAttribute('data-fivechat', '');
    this._root = this._host.attachShadow({ mode: 'open' });
    this._applyStyles();
    this._launcher = button(
      'launcher ' + _settings.buttonClass,
      { part: 'button', 'aria-haspopup': 'dialog' },
      () => this.toggle(),
      icon('M21 12a8 8 0 0 1-8 8H4l2-3a8 8 0 1 1 15-5z'),
      this._badge,
    );
    this._log = new MessageLog(_chat, _texts, welcomeMessages(_settings, language));
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
    this._root.append(this._panel, this._launcher);
    this._addListeners();
    document.body.append(this._host);
    this.draw();
  }

  private _createPanel(): HTMLElement {
    const { _settings, _texts } = this;
    const close = button(
      'icon',
      { 'aria-label': _texts.close },
      () => this.toggle(false),
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
      if (e.key === 'Escape') this.toggle(false);
    });
    on(this._input, 'keydown', (e) => {
      if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
      e.preventDefault();
      this._submit();
    });
    on(this._input, 'input', () => {
      if (this._notice) this._showNotice('');
      this._resizeInput();
      this._chat.reportTyping(!!this._input.value.trim());
    });
    on(this._input, 'blur', () => this._chat.reportTyping(false));
    const draw = safely(() => this.draw());
    addEventListener('online', draw);
    addEventListener('offline', draw);
    document.addEventListener(
      'visibilitychange',
      safely(() => this._chat.markRead()),
    );
  }

  /** _applyStyles uses the CSS object model: a strict content security policy of the page allows it. */
  private _applyStyles() {
    const properties = themeProperties(this._settings, matchMedia('(prefers-color-scheme:dark)').matches);
    for (const name in properties) this._host.style.setProperty('--' + name, properties[name]!);
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      this._root.adoptedStyleSheets = [sheet];
    } catch {
      // Browsers older than 2023 have no constructable style sheets.
      this._root.append(el('style', '', {}, css));
    }
  }

  toggle(open = !this._isOpen) {
    const { _chat } = this;
    if (open === this._isOpen) return;
    this._isOpen = _chat.isVisible = open;
    this._panel.hidden = !open;
    this._host.toggleAttribute('open', open);
    if (open) {
      const questions = formFields(this._settings);
      if (questions.length && !this._isFormShown && !_chat.saved.asked && !_chat.messages.length) this._ask(questions);
      _chat.start().then(
        () => _chat.markRead(),
        () => this.draw(),
      );
    }
    this.draw();
    if (open) this._focus();
    else this._launcher.focus();
    this._log.scrollToEnd();
    this._emit(open ? 'open' : 'close');
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
    if (new TextEncoder().encode(content).length > maxMessageBytes || !this._chat.send(content)) {
      this._showNotice(this._texts.tooLong);
      return;
    }
    this._input.value = '';
    this._resizeInput();
    this._log.scrollToEnd();
  }

  /** clear removes what the last visitor has typed. */
  clear() {
    this._input.value = this._notice = '';
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
    const { _chat, _texts, _isOpen, _isFormShown } = this;
    const unread = _isOpen ? 0 : _chat.unreadCount;
    const label = _isOpen ? _texts.close : _texts.open;
    this._badge.hidden = !unread;
    this._badge.textContent = String(unread);
    this._launcher.setAttribute('aria-label', label + (unread ? ` (${unread})` : ''));
    this._launcher.setAttribute('aria-expanded', String(_isOpen));
    this._log.draw();
    const agent = [..._chat.agents.values()].pop();
    this._typing.textContent = _chat.agentTyping ? `${agent ? agent.name : _texts.agent} ${_texts.typing}` : '';
    const isSending = _chat.messages.some((m) => m.state === 'sending');
    if (this._notice) this._setNote(this._notice);
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
