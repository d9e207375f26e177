// The list of messages. It changes only what differs, so that screen readers announce new messages alone.
import type { Agent } from '../../../../libs/web/api';
import { textOf } from '../../../../libs/web/attachments';
import { button, el, icon, on } from './dom';
import { face } from './face';
import type { FileView } from './files';
import type { Texts } from './i18n';
import { rendered } from './markdown';
import { isSameDay, isSoonAfter, type Times } from './time';
import type { ChatMessage } from './transcript';

/** nearBottom is the distance in pixels from the end within which the log follows new messages. */
const nearBottom = 48;
const saveDelay = 200; // milliseconds without scrolling until the position is saved

// A widget script of the version before, which a browser has kept, doesn't say when a message was written.
const timeOf = ({ at }: ChatMessage) => at || Date.now();

/** Thread is the messages that a log shows: the chat's, or an earlier conversation's. */
export interface Thread {
  messages: ChatMessage[];
  agents: Map<number, Agent>;
  saved: { scrolled: number };
  retry: (message: ChatMessage) => void;
}

interface Row {
  element: HTMLElement;
  text: string;
}

export class MessageLog {
  readonly element: HTMLElement;
  private readonly _log: HTMLElement;
  private readonly _greeting: HTMLElement; // until there are messages
  private readonly _toEnd: HTMLButtonElement; // shown if there are new messages below
  private _isAtEnd: boolean;
  private _height = 0; // of the log in the last frame; 0 while it is hidden
  private _restored: number; // the position on the last page, until the messages before it are there
  private _saving: ReturnType<typeof setTimeout> | undefined; // the position
  private _lastKey = '';
  private readonly _rows = new Map<string, Row>();

  constructor(
    private readonly _thread: Thread,
    private readonly _texts: Texts,
    private readonly _times: Times,
    private readonly _showFile: FileView,
    welcomeMessages: string[],
  ) {
    this._log = el('div', 'log', {
      role: 'log',
      'aria-live': 'polite',
      tabindex: '0',
      'aria-label': _texts.title,
      part: 'log',
    });
    const goToEnd = () => {
      this.scrollToEnd();
      this.focus(); // the button disappears
    };
    this._toEnd = button('to-end', {}, goToEnd, icon('M12 5v14M6 13l6 6 6-6'), _texts.newMessage);
    this._toEnd.hidden = true;
    this._restored = _thread.saved.scrolled;
    this._isAtEnd = !this._restored;
    this.element = el('div', 'log-frame', {}, this._log, this._toEnd);
    on(this._log, 'scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this._log;
      // A new height isn't the visitor's doing. The browser reports it after the scrolling.
      if (this._restored || clientHeight !== this._height) return;
      this._isAtEnd = scrollHeight - scrollTop - clientHeight < nearBottom;
      if (this._isAtEnd) this._toEnd.hidden = true;
      clearTimeout(this._saving);
      this._saving = setTimeout(() => (_thread.saved.scrolled = this._isAtEnd ? 0 : scrollTop), saveDelay);
    });
    for (const event of ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const) {
      on(this._log, event, () => (this._restored = 0));
    }
    this._greeting = el('div', 'greeting', {}, _texts.details);
    this._log.append(this._greeting, ...this._welcome(welcomeMessages));
    // The log keeps its end in view when the keyboard opens, the composer grows or the form of the end appears.
    new ResizeObserver(() => {
      this._height = this._log.clientHeight;
      this._scroll();
    }).observe(this._log);
  }

  /** _welcome returns the website's messages with their author. */
  private _welcome(messages: string[]): HTMLElement[] {
    const { agent } = this._texts;
    if (!messages.length) return [];
    const lines = messages.map((text) => el('div', 'line USER', { dir: 'auto' }, ...rendered(text)));
    return [el('div', 'who', {}, face(agent), el('span', 'name', {}, agent)), ...lines];
  }

  focus() {
    this._log.focus();
  }

  scrollToEnd() {
    this._isAtEnd = this._toEnd.hidden = true;
    this._restored = this._thread.saved.scrolled = 0;
    this._scroll();
  }

  /** _scroll goes to the end, or to the position on the last page. A log that isn't shown yet does so when it is. */
  private _scroll() {
    const { _log, _restored } = this;
    if (!this._height) return; // the size is known in the next frame: asking for it now would be a layout more
    if (this._isAtEnd) _log.scrollTop = _log.scrollHeight;
    else if (_restored) {
      _log.scrollTop = _restored;
      if (_log.scrollTop > _restored - 1) this._restored = 0;
    }
  }

  draw() {
    const { _log, _thread, _texts } = this;
    const drawn = new Set<string>();
    this._greeting.hidden = !!_thread.messages.length;
    let previous: Element | null = null;

    /** place puts the row of a key behind the previous one. It creates the row if there is none with this text. */
    const place = (key: string, text: string, create: () => HTMLElement): HTMLElement => {
      drawn.add(key);
      let row = this._rows.get(key);
      if (!row || row.text !== text) {
        row?.element.remove();
        row = { element: create(), text };
        row.element.setAttribute('data-line', '');
        this._rows.set(key, row);
      }
      const next: Element | null = previous ? previous.nextElementSibling : _log.querySelector('[data-line]');
      if (row.element !== next) _log.insertBefore(row.element, next);
      previous = row.element;
      return previous as HTMLElement;
    };

    let before: ChatMessage | undefined;
    for (const message of _thread.messages) {
      const { key, from, state } = message;
      const at = timeOf(message);
      if (!before || !isSameDay(timeOf(before), at)) {
        const day = this._times.day(at);
        place('day' + key, day, () => el('div', 'day', {}, day));
      }
      const isSameAuthor = before?.from === from && before.agent === message.agent;
      if (from !== 'SYSTEM' && !(isSameAuthor && isSoonAfter(timeOf(before!), at))) this._placeAuthor(message, place);
      const line = place(key, '', () => this._createLine(message));
      line.classList.toggle('sending', state === 'sending');
      if (state === 'failed') {
        place('failed' + key, '', () => button('state failed', {}, () => _thread.retry(message), _texts.failed));
      }
      before = message;
    }
    if (before && before.from === 'VISITOR' && before.state !== 'failed') {
      const text = _texts[before.state];
      place('state', text, () => el('div', 'state', {}, text));
    }
    for (const [key, row] of this._rows) {
      if (drawn.has(key)) continue;
      row.element.remove();
      this._rows.delete(key);
    }
    this._follow(before);
  }

  private _createLine({ content, from, files }: ChatMessage): HTMLElement {
    const text = rendered(textOf(content, files));
    return el('div', 'line ' + from, { dir: 'auto' }, ...text, ...files.map(this._showFile));
  }

  /** _placeAuthor places the head of a group: its author and its time. */
  private _placeAuthor(message: ChatMessage, place: (key: string, text: string, create: () => HTMLElement) => void) {
    const { _texts, _times, _thread } = this;
    const { key, from } = message;
    const at = timeOf(message);
    const agent = _thread.agents.get(message.agent || 0);
    const isOwn = from === 'VISITOR';
    const name = isOwn ? _texts.you : agent?.name || _texts.agent;
    const time = _times.time(at);
    place('who' + key, name + time + agent?.avatarUrl, () =>
      el(
        'div',
        'who' + (isOwn ? ' own' : ''),
        {},
        ...(isOwn ? [] : [face(name, agent?.avatarUrl)]),
        el('span', 'name', { dir: 'auto' }, name),
        ' ',
        el('time', '', { datetime: new Date(at).toISOString() }, time),
      ),
    );
  }

  /** _follow keeps the end in view, or offers to go there if the visitor has scrolled up and there is a new message. */
  private _follow(last?: ChatMessage) {
    const isNew = last?.from === 'USER' && last.state === 'sent' && last.key !== this._lastKey;
    if (isNew && !this._isAtEnd && !this._restored) this._toEnd.hidden = false;
    this._scroll();
    this._lastKey = last?.key || '';
  }
}
