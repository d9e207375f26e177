// What the console needs of the browser.
import { chime } from '../../../../libs/web/chime';
import { Keep } from './keep';
import type { Page } from './live';

const settings = new Keep('browser');
const soundInterval = 3_000; // milliseconds between two sounds, whatever the tab
const storedDelay = 300; // milliseconds until the tabs in other processes see what a tab has stored

/** canNotify reports whether the browser allows notifications, and the agent hasn't turned them off in it. */
export const canNotify = () =>
  'Notification' in window && Notification.permission === 'granted' && settings.read('notifications') !== false;

/** isRefused reports whether the browser refuses notifications. Only its own settings change that. */
export const isRefused = () => !('Notification' in window) || Notification.permission === 'denied';

/** setNotifications turns notifications in this browser on or off, and returns whether they are on. */
export async function setNotifications(isOn: boolean): Promise<boolean> {
  settings.write('notifications', isOn);
  if (isOn && 'Notification' in window && Notification.permission !== 'granted') await Notification.requestPermission();
  return canNotify();
}

/** ring plays a sound, unless a tab has just done so. A tab that may not make a sound leaves it to another one. */
async function ring() {
  await navigator.locks.request('fivechat:console:sound', async () => {
    if (Date.now() - (settings.read<number>('rungAt') ?? 0) < soundInterval || !chime()) return;
    settings.write('rungAt', Date.now());
    await new Promise((resolve) => setTimeout(resolve, storedDelay)); // with the lock
  });
}

/** browserPage shows notifications whose click opens a conversation. */
export function browserPage(openConversation: (token: string) => void): Page {
  return {
    isHidden: () => document.hidden,
    ring: () => void ring(),
    notify(title, text, token) {
      if (!canNotify()) return;
      const notification = new Notification(title, { body: text.slice(0, 200), tag: token });
      notification.onclick = () => {
        window.focus();
        openConversation(token);
      };
    },
  };
}
