// The sound of a new message, made by the browser. One tab of the page's origin makes it.
import { read, write } from './storage';
import { sleep } from './task';

const hiddenDelay = 1_000; // milliseconds that a hidden tab waits for a visible one, or for the message to be read
const storedDelay = 300; // milliseconds until the tabs in other processes see what a tab has stored
const length = 0.4; // seconds

/** chime plays two short notes. It reports false if the browser forbids sound: the visitor hasn't used the page yet. */
export function chime(): boolean {
  if (navigator.userActivation?.hasBeenActive === false) return false;
  const audio = new AudioContext();
  const volume = audio.createGain();
  volume.connect(audio.destination);
  volume.gain.setValueAtTime(0.12, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + length);
  [660, 880].forEach((frequency, i) => {
    const note = audio.createOscillator();
    note.frequency.value = frequency;
    note.connect(volume);
    note.start(audio.currentTime + i * 0.1);
    note.stop(audio.currentTime + length);
    note.onended = () => i && audio.close();
  });
  return true;
}

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
