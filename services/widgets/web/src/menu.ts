// The menu of the header: a button that shows other buttons.
import { button, el, icon, on } from './dom';

/** Item is an entry of the menu. It is offered while isOffered says so. */
export interface Item {
  text: string;
  isOffered: () => boolean;
  choose: () => unknown;
}

export class Menu {
  readonly element: HTMLElement;
  private readonly _button: HTMLButtonElement;
  private readonly _list: HTMLElement;
  private readonly _items: (Item & { element: HTMLElement })[];

  constructor(label: string, items: Item[]) {
    this._items = items.map((item) => ({ ...item, element: button('', {}, () => this._choose(item), item.text) }));
    this._list = el('div', 'menu', { role: 'group', 'aria-label': label }, ...this._items.map((i) => i.element));
    this._list.hidden = true;
    this._button = button(
      'icon',
      { 'aria-label': label, 'aria-expanded': 'false' },
      () => this._show(!this.isOpen),
      icon('M5 12h.01M12 12h.01M19 12h.01'),
    );
    this.element = el('div', 'options', {}, this._button, this._list);
    // Safari moves the focus to nothing when an entry is pressed, and would then not report a click on a hidden one.
    on(this.element, 'focusout', (e) => e.relatedTarget && this.hideFor(e.relatedTarget));
  }

  get isOpen() {
    return !this._list.hidden;
  }

  private _show(isShown: boolean) {
    this._list.hidden = !isShown;
    this._button.setAttribute('aria-expanded', String(isShown));
  }

  /** hideFor hides the entries if the visitor turns to something else. */
  hideFor(target: EventTarget | null) {
    if (!this.element.contains(target as Node | null)) this._show(false);
  }

  private _choose({ choose }: Item) {
    this.close();
    return choose();
  }

  /** close hides the entries and returns the focus to the button. */
  close() {
    this._button.focus();
    this._show(false);
  }

  /** draw shows the entries that are offered, and no menu without any. */
  draw() {
    for (const { element, isOffered } of this._items) element.hidden = !isOffered();
    this.element.hidden = this._items.every(({ element }) => element.hidden);
  }
}
