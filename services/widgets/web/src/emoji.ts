// The emoji picker of the composer. The emoji are characters, which the browser draws and screen readers name.
import { button, el, icon, on } from './dom';
import { step } from './grid';
import type { Texts } from './i18n';

const columns = 8;
const emoji =
  '😀 😊 😂 🙂 😉 😍 🤩 😘 😎 🤔 😐 🙄 😬 😕 🙁 😢 😭 😡 😱 😴 🤒 🤗 🤝 👋 ' +
  '👍 👎 👌 👏 🙏 💪 🤞 👀 ❤️ 💔 🔥 ✨ 🎉 🎁 🎂 🌹 ☀️ 🌧️ ☕ 🍕 🚗 ✈️ 🏠 📦 ' +
  '💳 🛒 📞 📧 📅 ⏰ 📎 💡 ✅ ❌ ❓ ❗ ⭐ 💯 🐶 🐱';

/** EmojiPicker is a button and the list that it shows. One emoji is in the tab order; arrow keys move between them. */
export class EmojiPicker {
  readonly button: HTMLButtonElement;
  readonly list: HTMLElement;
  private _items: HTMLButtonElement[] = []; // made when they are first shown

  /** pick gets the chosen emoji. */
  constructor(
    texts: Texts,
    private readonly _pick: (emoji: string) => void,
  ) {
    this.list = el('div', 'emojis', { role: 'group', 'aria-label': texts.emoji });
    this.button = button(
      'icon emoji',
      { 'aria-label': texts.emoji, 'aria-expanded': 'false' },
      () => this.show(this.list.hidden as boolean),
      icon('M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM8 14a4.5 4.5 0 0 0 8 0M9 9v.5M15 9v.5'),
    );
    this.list.hidden = true;
    on(this.list, 'keydown', (e) => this._move(e));
  }

  /** show shows or hides the list. Hidden by the keyboard, it returns the focus to the button. */
  show(isShown: boolean) {
    if (isShown && !this._items.length) this._fill();
    this.list.hidden = !isShown;
    this.button.setAttribute('aria-expanded', String(isShown));
    if (isShown) this._focus(0);
  }

  private _fill() {
    this._items = emoji.split(' ').map((e) => button('', { tabindex: '-1' }, () => this._choose(e), e));
    this.list.append(...this._items);
  }

  private _choose(e: string) {
    this.show(false);
    this._pick(e);
  }

  private _focus(index: number) {
    this._items.forEach((item, i) => (item.tabIndex = i === index ? 0 : -1));
    this._items[index]!.focus();
  }

  private _move(e: KeyboardEvent) {
    const isMirrored = getComputedStyle(this.list).direction === 'rtl';
    const at = this._items.indexOf(e.target as HTMLButtonElement);
    const next = step(e.key, at, this._items.length, columns, isMirrored);
    if (next < 0) return;
    e.preventDefault();
    this._focus(next);
  }
}
