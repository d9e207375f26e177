// The sound of a new message. One tab of the page's origin makes it.
import { chime } from '../../../../libs/web/chime';
import { read, write } from './storage';
import { sleep } from './task';

const hiddenDelay = 1_000; // milliseconds that a hidden tab waits for a visible one, or for the message to be read
const storedDelay = 300; // milliseconds until the tabs in other processes see what a tab has stored

/**
 * ring plays the sound of a message unless another tab has. A visible tab comes first. isRead reports whether the
 * visitor has read the message meanwhile. Ids of later messages are higher.
 */
export async function ring(clientToken: string, messageId: number, isRead: () => boolean, play = chime) {
  const key = 'fivechat-heard:' + clientToken;
  if (document.hidden) await sleep(hiddenDelay);
  const playOnce = async () => {
    if (isRead() || Number(read(key).id) >= messageId || !play()) return;
    write(key, { id: messageId });
    await sleep(storedDelay); // with the lock
  };
  try {
    await navigator.locks.request(key, playOnce);
  } catch {
    await playOnce(); // the browser has no locks
  }
}
