// Files of the build that a page needs and that can't be read: the network is down, or a newer version was installed.
import { retryDelay } from '../../../../libs/web/sse';
import { base } from './arrival';

const reloadedKey = 'fivechat:console:reloaded'; // when the page was loaded again for a missing file
const reloadPause = 60_000; // milliseconds

/**
 * loaded reads a page's files. If that fails, it waits until the server answers; meanwhile the page before stays. Then
 * it loads the whole console again, at most once a minute, because browsers remember which files have failed.
 */
export async function loaded<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (err) {
    for (let failures = 0; !(await answers()); failures++) {
      await new Promise((resolve) => {
        addEventListener('online', resolve, { once: true });
        setTimeout(resolve, retryDelay(failures));
      });
    }
    // The router itself would load the console again if it saw the original error.
    if (Date.now() - Number(sessionStorage.getItem(reloadedKey)) < reloadPause)
      throw new Error('a page is missing', { cause: err });
    sessionStorage.setItem(reloadedKey, String(Date.now()));
    location.reload();
    return new Promise(() => {});
  }
}

const answers = () =>
  fetch(base, { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );
