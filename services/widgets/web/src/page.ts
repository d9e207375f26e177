// What the chat needs of the browser and of the page that it runs in.

/** Page is the chat's view of the browser. Tests replace it. */
export interface Page {
  isHidden(): boolean;
  /** context describes the page to the agents. */
  context(): Record<string, string>;
  /** sleep waits for a time in milliseconds, or until the browser is online again if that is sooner. */
  sleep(ms: number): Promise<void>;
}

/** reportedAddress removes the fragment and all query parameters that aren't listed: they may hold secrets. */
export function reportedAddress(url: string, parameters: string[]): string {
  if (!url) return '';
  const { origin, pathname, searchParams } = new URL(url);
  const query = new URLSearchParams([...searchParams].filter(([name]) => parameters.includes(name))).toString();
  return origin + pathname + (query && '?' + query);
}

/** browserPage is the page that loaded the script. parameters lists the query parameters that agents may see. */
export const browserPage = (parameters: string[]): Page => ({
  isHidden: () => document.hidden,
  context: () => ({
    page: reportedAddress(location.href, parameters),
    title: document.title,
    referrer: reportedAddress(document.referrer, parameters),
    language: navigator.language,
  }),
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
