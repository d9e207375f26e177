// The end of a conversation, in place of the composer: the rating, if the website wants one, and a new conversation.
import type { Chat } from './chat';
import { button, el } from './dom';
import { ratingForm } from './rating';
import type { Texts } from './words';

export class End {
  readonly element = el('div', 'end');
  private _content = ''; // what is shown

  /** onAgain is called when the visitor starts a new conversation, and onSave when they save this one. */
  constructor(
    private readonly _chat: Chat,
    private readonly _texts: Texts,
    private readonly _isRatingWanted: boolean,
    private readonly _onAgain: () => void,
    private readonly _onSave: () => void,
  ) {}

  /** draw shows the end of a conversation that has ended. isHidden keeps what the visitor has begun to write. */
  draw(hasEnded: boolean, isHidden: boolean) {
    this.element.hidden = !hasEnded || isHidden;
    if (hasEnded) this._draw();
    else this._content = '';
  }

  private _draw() {
    const { _chat, _texts, element, _isRatingWanted } = this;
    const isRated = _isRatingWanted && _chat.conversation!.rating;
    const content = isRated ? 'rated' : 'ended';
    if (this._content === content) return;
    this._content = content;
    element.replaceChildren(el('div', '', { role: 'status' }, isRated ? _texts.thanks : _texts.ended));
    if (_isRatingWanted && !isRated) {
      element.append(...ratingForm(_texts, (stars, feedback) => _chat.rate(stars, feedback)));
    }
    const startNew = () => {
      _chat.leaveConversation();
      this._onAgain();
    };
    element.append(button('link', {}, startNew, _texts.again), button('link', {}, this._onSave, _texts.save));
  }

  /** clear removes what the last visitor has written. */
  clear() {
    this.element.replaceChildren();
    this._content = '';
  }

  focus() {
    this.element.querySelector('button')?.focus();
  }
}
