// The list of messages. It changes only what differs, so that screen readers announce new messages alone.
import type { Chat } from './chat';
import { button, el, on } from './dom';
import { linked } from './links';
import type { Texts } from './i18n';
import type { ChatMessage } from './transcript';

/** nearBottom is the distance in pixels from the end within which the log follows new messages. */
const nearBottom = 48;

interface Row {
  element: HTMLElement;
  text: string;
}

export class MessageLog {
  readonly element: HTMLElement;
  private _isAtEnd = true;
  private readonly _rows = new Map<string, Row>();

  constructor(
    private readonly _chat: Chat,
    private readonly _texts: Texts,
    welcomeMessages: string[],
  ) {
    this.element = el('div', 'log', {
      role: 'log',
      'aria-live': 'polite',
      tabindex: '0',
      'aria-label': _texts.title,
      part: 'log',
    });
    on(this.element, 'scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this.element;
      this._isAtEnd = scrollHeight - scrollTop - clientHeight < nearBottom;
    });
    for (const text of welcomeMessages) this.element.append(el('div', 'line USER', { dir: 'auto' }, ...linked(text)));
  }

  scrollToEnd() {
    this.element.scrollTop = this.element.scrollHeight;
    this._isAtEnd = true;
  }

  /** keepEnd scrolls to the end after a change of the log's size, unless the visitor has scrolled up. */
  keepEnd() {
    if (this._isAtEnd) this.scrollToEnd();
  }

  draw() {
    const { element, _chat, _texts } = this;
    const drawn = new Set<string>();
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
      const next: Element | null = previous ? previous.nextElementSibling : element.querySelector('[data-line]');
      if (row.element !== next) element.insertBefore(row.element, next);
      previous = row.element;
      return previous as HTMLElement;
    };

    let previousAuthor = '';
    for (const message of _chat.messages) {
      const author = this._author(message);
      if (author && author !== previousAuthor) {
        place('who' + message.key, author, () => el('div', 'who', { dir: 'auto' }, author));
      }
      previousAuthor = author;
      const line = place(message.key, '', () =>
        el('div', 'line ' + message.from, { dir: 'auto' }, ...linked(message.content)),
      );
      line.classList.toggle('sending', message.state === 'sending');
      if (message.state === 'failed') {
        place('failed' + message.key, '', () => button('state failed', {}, () => _chat.retry(message), _texts.failed));
      }
    }
    const last = _chat.messages[_chat.messages.length - 1];
    if (last && last.from === 'VISITOR' && last.state !== 'failed') {
      const text = _texts[last.state];
      place('state', text, () => el('div', 'state', {}, text));
    }
    for (const [key, row] of this._rows) {
      if (drawn.has(key)) continue;
      row.element.remove();
      this._rows.delete(key);
    }
    this.keepEnd();
  }

  /** _author is the name that is shown above an agent's message, '' for other messages. */
  private _author(message: ChatMessage): string {
    if (message.from !== 'USER') return '';
    return this._chat.agents.get(message.agent || 0)?.name || this._texts.agent;
  }
}
