// The loader of the chat widget for applications with a bundler. It injects the script that a tag would load, and has
// the types of the widget's commands and events. Importing it has no effect: it can be part of a page that a server
// renders.

/** Options name the website, and say how its widget is loaded. */
export interface Options {
  /** The address of the Fivechat server, for example `https://chat.example`. */
  server: string;
  /** The website's client token, `wgt_…`. It is public. */
  clientToken: string;
  /** The language of the widget. Without it, that of the page or else of the browser. */
  language?: string;
  /** With 'required' the widget waits for `fivechat('consent', true)`. */
  consent?: 'required';
  /** The nonce of the page's Content-Security-Policy. */
  nonce?: string;
}

/** Visitor is what a page says about its visitor. Members of other names become the visitor's context. */
export interface Visitor {
  name?: string;
  email?: string;
  /** A token that your server has signed: it says which of your users the visitor is. */
  token?: string;
  userId?: string | number;
  userHash?: string;
  [fact: string]: unknown;
}

/** Events are what the widget reports, each with its detail. */
export interface Events {
  ready: undefined;
  open: undefined;
  close: undefined;
  /** A message of an agent. */
  message: { content: string };
  /** The number of unread messages. */
  unread: number;
}

export type Handler<E extends keyof Events> = (detail: Events[E]) => void;

/** Commands are what a page can call, each with its arguments. */
export interface Commands {
  open: [];
  close: [];
  toggle: [];
  show: [];
  hide: [];
  message: [text: string, options?: { send?: boolean }];
  identify: [visitor: Visitor];
  context: [facts: Record<string, unknown>];
  reset: [];
  locale: [language: string];
  consent: [isGiven: boolean];
}

/** Fivechat is the function of the page that takes commands. Before the script has loaded, it keeps them. */
export interface Fivechat {
  <C extends keyof Commands>(command: C, ...args: Commands[C]): void;
  <E extends keyof Events>(command: 'on' | 'off', event: E, handler: Handler<E>): void;
}

type Queue = { (...args: unknown[]): void; q?: unknown[][] };
type Policy = { createScriptURL(address: string): string };
type PageGlobals = {
  fivechat?: Queue;
  trustedTypes?: { createPolicy(name: string, rules: Policy): Policy };
};

const isBrowser = () => typeof window !== 'undefined' && typeof document !== 'undefined';

/** queue returns the page's function. It makes one that keeps commands if there is none. */
function queue(): Queue {
  const page = window as unknown as PageGlobals;
  const made: Queue = (...args) => void (made.q ||= []).push(args);
  return (page.fivechat ||= made);
}

/** fivechat calls a command of the widget, as soon as it is loaded. On a server it does nothing. */
export const fivechat: Fivechat = (...args: unknown[]) => {
  if (isBrowser()) queue()(...args);
};

let policy: Policy | undefined; // a page allows to create it once

/** trusted makes an address one that a page with Trusted Types accepts, if its policy names this package. */
function trusted(address: string): string {
  const { trustedTypes } = window as unknown as PageGlobals;
  policy ||= trustedTypes?.createPolicy('fivechat-widget-loader', { createScriptURL: (a) => a });
  return policy ? policy.createScriptURL(address) : address;
}

let loading: { address: string; done: Promise<void> } | undefined;

/**
 * load puts the widget on the page. The promise ends when its script has loaded; it is rejected if the script can't be
 * loaded, and another call tries again. Calling it twice loads it once. On a server it does nothing.
 */
export async function load({ server, clientToken, language, consent, nonce }: Options): Promise<void> {
  if (!isBrowser()) return;
  const address = `${server.replace(/\/+$/, '')}/widget/${encodeURIComponent(clientToken)}`;
  if (loading && loading.address !== address) {
    throw new Error('fivechat: the page has the widget of another website: ' + loading.address);
  }
  if (loading) return loading.done;
  queue();
  const source = trusted(address);
  const script = document.createElement('script');
  script.async = true;
  script.crossOrigin = 'anonymous'; // pages with Cross-Origin-Embedder-Policy need it
  if (nonce) script.nonce = nonce;
  if (language) script.dataset.lang = language;
  if (consent) script.dataset.consent = consent;
  const done = new Promise<void>((resolve, reject) => {
    script.onload = () => resolve();
    script.onerror = () => {
      loading = undefined;
      script.remove();
      reject(new Error('fivechat: the widget could not be loaded from ' + address));
    };
  });
  loading = { address, done };
  script.src = source;
  document.head.append(script);
  return done;
}
