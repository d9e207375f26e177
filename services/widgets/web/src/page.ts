// What the chat needs of the browser and of the page that it runs in.

import { share } from './share';
import { cut } from './text';

/** Page is the chat's view of the browser. Tests replace it. */
export interface Page {
  isHidden(): boolean;
  /** context describes the page to the agents. */
  context(): Record<string, string>;
  /**
   * listen calls navigated when the address changes without a new page, and stored when another tab may have stored
   * something. Listening twice with the same functions changes nothing.
   */
  listen(navigated: () => void, stored: (e: { key?: string | null }) => void): void;
  origin(): string;
  /** alone runs f while no other tab of the page's origin runs it, if the browser can tell. */
  alone<T>(f: () => Promise<T>): Promise<T>;
  /** share lets the tabs of the browser share one event stream. */
  share: typeof share;
  /** sleep waits for a time in milliseconds, or until the browser is online again if that is sooner. */
  sleep(ms: number): Promise<void>;
}

const maxAddressLength = 1_000; // characters
const maxTitleLength = 255;
const visibleAfter = 100; // milliseconds until another tab sees what this one has stored

type Navigates = { navigation?: EventTarget };

/** reportedAddress removes the fragment and all query parameters that aren't listed: they may hold secrets. */
export function reportedAddress(url: string, parameters: string[]): string {
  if (!url) return '';
  const { origin, pathname, searchParams } = new URL(url);
  const query = new URLSearchParams([...searchParams].filter(([name]) => parameters.includes(name))).toString();
  return cut(origin + pathname + (query && '?' + query), maxAddressLength);
}

/** PageTitle replaces the page's title for a while. The page may set another one meanwhile. */
export class PageTitle {
  private _own = '';
  private _shown = '';

  /** own is the title that the page has set. */
  get own(): string {
    return this._shown && this._shown === document.title ? this._own : document.title;
  }

  /** replace shows another title; '' shows the page's again. */
  replace(title: string) {
    const { own } = this;
    if (title || own !== document.title) document.title = title || own;
    this._own = own;
    this._shown = title;
  }
}

export const pageTitle = new PageTitle();

/** browserPage is the page that loaded the script. parameters lists the query parameters that agents may see. */
export const browserPage = (parameters: string[]): Page => ({
  isHidden: () => document.hidden,
  context: () => ({
    page: reportedAddress(location.href, parameters),
    title: cut(pageTitle.own, maxTitleLength),
    referrer: reportedAddress(document.referrer, parameters),
    language: navigator.language,
  }),
  listen: (navigated, stored) => {
    (window as Navigates).navigation?.addEventListener('currententrychange', navigated);
    addEventListener('popstate', navigated);
    addEventListener('hashchange', navigated);
    addEventListener('storage', stored);
    addEventListener('pageshow', stored as () => void); // a page that was kept has missed what the others stored
  },
  alone: <T>(f: () => Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      let hasBegun = false;
      const begin = async () => {
        hasBegun = true;
        try {
          resolve(await f());
        } catch (err) {
          reject(err as Error);
        }
        await new Promise((end) => setTimeout(end, visibleAfter));
      };
      const request = async () => navigator.locks.request('fivechat', begin);
      // The browser may have no locks, or refuse them as it refuses storage.
      request().catch(() => (hasBegun ? undefined : begin()));
    }),
  share,
  origin: () => location.origin,
  sleep: (ms) =>
    new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        removeEventListener('online', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      addEventListener('online', wake);
    }),
});
