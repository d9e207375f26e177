// The composer: the text and the files that the visitor writes, with the emoji picker.
import { namesOf } from '../../../../libs/web/attachments';
import type { Chat } from './chat';
import { button, el, icon, on } from './dom';
import { EmojiPicker } from './emoji';
import { maxMessageBytes } from './outbox';
import { Tray } from './tray';
import type { Texts } from './words';

const maxHeight = 128; // pixels
const composing = 229; // the keyCode of a key that an input method handles; Safari reports the last one with it alone

export class Composer {
  readonly element: HTMLElement;
  readonly emojiList: HTMLElement;
  readonly tray: Tray;
  isDue = false; // the visitor has sent the message; it waits for its files
  private readonly _input: HTMLTextAreaElement;
  private readonly _emoji: EmojiPicker;

  /** onSend is called after a message was sent, or with a reason if it can't be. onInput is called for each change. */
  constructor(
    private readonly _chat: Chat,
    private readonly _texts: Texts,
    language: string,
    className: string,
    private readonly _onInput: () => void,
    private readonly _onSend: (problem?: string) => void,
  ) {
    this._input = el('textarea', className, {
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
    this.emojiList = this._emoji.list;
    this.tray = new Tray(_chat.uploads, _texts, language, _onSend);
    this.element = el('div', 'row', {}, this._emoji.button, this.tray.button, this._input, send);
    this._input.value = _chat.saved.text;
    this._addListeners();
  }

  private _addListeners() {
    on(this._input, 'keydown', (e) => {
      if (e.key !== 'Enter' || e.shiftKey || e.isComposing || e.keyCode === composing) return;
      e.preventDefault();
      this._submit();
    });
    this.tray.takePasted(this._input);
    on(this._input, 'input', () => {
      this.isDue = false;
      this._onInput();
      this._chat.saved.text = this._input.value;
      this.resize();
      this._chat.reportTyping(!!this._input.value.trim());
    });
    on(this._input, 'blur', () => this._chat.reportTyping(false));
  }

  get isShown() {
    return !this.element.hidden;
  }

  show(isShown: boolean) {
    this.element.hidden = !isShown;
    this._draw(isShown);
    if (!isShown) this._emoji.show(false);
  }

  /** _draw follows the uploads. A message that waits for its files is sent with the last one. */
  private _draw(isShown: boolean) {
    const { uploads } = this._chat;
    this.tray.draw();
    if (!isShown) this.tray.element.hidden = true;
    if (uploads.failed || !uploads.list.length) this.isDue = false;
    if (this.isDue && uploads.isReady) this._submit();
  }

  focus() {
    this._input.focus();
  }

  /** refill shows the text that is saved: another one than the visitor has typed. */
  refill() {
    this._input.value = this._chat.saved.text;
    this.resize();
  }

  /** resize makes the input as high as its text. */
  resize() {
    const { style } = this._input;
    style.height = 'auto';
    style.height = Math.min(this._input.scrollHeight + 2, maxHeight) + 'px';
  }

  /** hideEmoji hides the emoji picker. It reports whether it was shown. */
  hideEmoji(): boolean {
    if (this.emojiList.hidden) return false;
    this._emoji.show(false);
    this._emoji.button.focus();
    return true;
  }

  /** _insert puts a text where the caret is. */
  private _insert(text: string) {
    const { _input } = this;
    _input.setRangeText(text, _input.selectionStart, _input.selectionEnd, 'end');
    _input.dispatchEvent(new Event('input'));
    _input.focus();
  }

  private _submit() {
    const { uploads } = this._chat;
    const text = this._input.value.trim();
    if (!text && !uploads.list.length) return;
    if (uploads.failed) {
      this.tray.focus();
      return;
    }
    this.isDue = !uploads.isReady;
    if (this.isDue) return;
    const { attachments } = uploads;
    const content = text || namesOf(attachments);
    if (new TextEncoder().encode(content).length > maxMessageBytes || !this._chat.send(content, attachments)) {
      this._onSend(this._texts.tooLong);
      return;
    }
    uploads.clear();
    this._chat.saved.text = '';
    this.refill();
    this._emoji.show(false);
    this._onSend();
  }
}
