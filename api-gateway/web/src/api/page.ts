// What the console needs of the browser.
import { Keep } from './keep';
import type { Page } from './live';

const settings = new Keep('browser');

/** canNotify reports whether the browser allows notifications, and the agent hasn't turned them off. */
export const canNotify = () =>
  'Notification' in window && Notification.permission === 'granted' && settings.read('notifications') !== false;

/** setNotifications turns notifications on or off, and returns whether they are on. */
export async function setNotifications(isOn: boolean): Promise<boolean> {
  settings.write('notifications', isOn);
  if (isOn && 'Notification' in window && Notification.permission !== 'granted') await Notification.requestPermission();
  return canNotify();
}

/** browserPage shows notifications whose click opens a conversation. */
export function browserPage(openConversation: (token: string) => void): Page {
  return {
    isHidden: () => document.hidden,
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
