// The element that holds the widget in the page, with its shadow root. Pages replace, morph and clone their content:
// the element comes back when it is removed, and removes copies of itself that a page has kept.
import css from '../build/host.css';
import { warn } from './safely';

const tagName = 'fivechat-widget';
const maxReturns = 50; // in returnsWithin: a page that removes the element again and again wins
const returnsWithin = 10_000; // milliseconds
const probe = 'fivechat-probe'; // an event

let current: Host; // the one in the page

export class Host {
  readonly element: HTMLElement;
  readonly root: ShadowRoot;
  private _isDetached?: boolean;
  private _returns: number[] = []; // when the element came back, in the last seconds

  /**
   * onAttach is called each time that the element gets into the page. onDead is called instead if the page has removed
   * the listeners of all elements, as document.open() does: then another Host is needed.
   */
  constructor(
    language: string,
    direction: string,
    private readonly _onAttach: () => void,
    private readonly _onDead: () => void,
  ) {
    current = this;
    if (!customElements.get(tagName)) {
      customElements.define(
        tagName,
        class extends HTMLElement {
          connectedCallback() {
            if (this !== current.element) this.remove();
          }
          disconnectedCallback() {
            if (this === current.element) setTimeout(() => current.attach());
          }
        },
      );
    }
    this.element = document.createElement(tagName);
    this.speak(language, direction);
    this.element.setAttribute('data-fivechat', '');
    this.root = this.element.attachShadow({ mode: 'open' });
    this.addStyles(css);
    this.element.addEventListener(probe, (e) => e.preventDefault());
  }

  speak(language: string, direction: string) {
    this.element.lang = language;
    this.element.dir = direction;
  }

  /** setTheme sets custom properties of the style sheets. */
  setTheme(isDark: boolean, properties: Record<string, string>) {
    this.element.setAttribute('theme', isDark ? 'dark' : 'light');
    for (const name in properties) this.element.style.setProperty('--' + name, properties[name]!);
  }

  /** addStyles uses the CSS object model: a strict content security policy of the page allows it. */
  addStyles(text: string) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      this.root.adoptedStyleSheets = [...this.root.adoptedStyleSheets, sheet];
    } catch {
      // Browsers older than 2023 have no constructable style sheets.
      const style = document.createElement('style');
      style.textContent = text;
      this.root.append(style);
    }
  }

  /**
   * attach puts the element into the page, unless it is there. It is a child of the root element, where selectors and
   * effects of the page's body don't reach it; as a popover it is above all stacking contexts.
   */
  attach() {
    const { element } = this;
    const parent = document.documentElement;
    if (element.isConnected || this._isDetached) return;
    const now = Date.now();
    this._returns = this._returns.filter((at) => now - at < returnsWithin);
    if (this._returns.push(now) > maxReturns) {
      warn('the page removes the chat again and again');
      return;
    }
    if (!parent) {
      setTimeout(() => this.attach(), 50); // document.open() has removed the root element
      return;
    }
    if (element.dispatchEvent(new Event(probe, { cancelable: true }))) {
      this._onDead();
      return;
    }
    parent.append(element);
    try {
      element.popover = 'manual';
      element.showPopover();
    } catch {
      // Browsers older than 2024 have no popovers: z-index has to do.
    }
    this._onAttach();
  }

  /** detach removes the element for good. */
  detach() {
    this._isDetached = true;
    this.element.remove();
  }
}
