// The address of the server. Pages load the script by a tag, inject it, import it, or serve a copy of their own.

/** Server can be stated by a page that serves a copy of the script: window.fivechatServer. */
type PageGlobals = { fivechatServer?: unknown };

const addressInStack = /https?:\/\/[^\s)]+/g;

/** findTag returns the tag that loaded the script. An injected tag may not be document.currentScript. */
export function findTag(clientToken: string): HTMLScriptElement | undefined {
  const isTag = (e: Element | null): e is HTMLScriptElement =>
    e instanceof HTMLScriptElement && !!serverOf(e.src, clientToken);
  return [document.currentScript as Element | null, ...document.scripts].find(isTag);
}

/** serverOf returns the part of a script's address before its path, or '' if it is another script. */
function serverOf(address: string, clientToken: string): string {
  const path = '/widget/' + clientToken;
  const end = address.indexOf(path);
  return end > 0 && /^([?#:]|$)/.test(address.slice(end + path.length)) ? address.slice(0, end) : '';
}

/**
 * findServer returns the address of the server: what the page states, that of the tag, or that of the running script.
 * It returns '' if the script runs from elsewhere, for example from the page's own bundle.
 */
export function findServer(tag: HTMLScriptElement | undefined, clientToken: string): string {
  const stated = (window as PageGlobals).fivechatServer;
  if (stated) return String(stated).replace(/\/+$/, '');
  if (tag) return serverOf(tag.src, clientToken);
  const addresses = (new Error().stack || '').match(addressInStack) || [];
  return addresses.map((a) => serverOf(a, clientToken)).find(Boolean) || '';
}
