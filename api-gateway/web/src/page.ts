// What the console needs of the browser.
import type { Page } from './store';

function notify(title: string, text: string, conversationToken: string) {
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  const notification = new Notification(title, { body: text.slice(0, 200), tag: conversationToken });
  notification.onclick = () => {
    window.focus();
    location.hash = '#/inbox/' + conversationToken;
  };
}

export const browserPage: Page = {
  isHidden: () => document.hidden,
  notify,
};
