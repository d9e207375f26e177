// Creation of elements. Text becomes text nodes only, never markup. No style attributes: a strict content security
// policy of the page refuses them.
import { safely } from './safely';

type Attributes = Record<string, string>;
type Child = Node | string;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  for (const name in attributes) element.setAttribute(name, attributes[name]!);
  element.append(...children);
  return element;
}

/** button creates a button that submits no form. */
export function button(className: string, attributes: Attributes, onClick: () => unknown, ...children: Child[]) {
  const element = el('button', className, { type: 'button', ...attributes }, ...children);
  on(element, 'click', onClick);
  return element;
}

/** on adds an event listener whose errors don't reach the page. */
export function on<K extends keyof HTMLElementEventMap>(
  target: HTMLElement,
  event: K,
  listener: (e: HTMLElementEventMap[K]) => unknown,
) {
  target.addEventListener(event, safely(listener));
}

/**
 * image returns a picture of another server, or nothing if the address isn't https. It has no text of its own. If it
 * can't be loaded, it disappears.
 */
export function image(url?: string | null): HTMLImageElement[] {
  if (!url || !/^https:/.test(url)) return [];
  const picture = el('img', '', { alt: '', referrerpolicy: 'no-referrer' });
  on(picture, 'error', () => picture.remove());
  picture.src = url;
  return [picture];
}

/** icon creates a line drawing of 24 by 24 units. */
export function icon(pathData: string): SVGElement {
  const create = (tag: string) => document.createElementNS('http://www.w3.org/2000/svg', tag) as SVGElement;
  const svg = create('svg');
  const path = create('path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', pathData);
  svg.append(path);
  return svg;
}
