// What the console needs of the browser.
import type { Page } from './store';

const agentKey = (websiteId: number) => 'fivechat:console:agent:' + websiteId;

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
  savedAgentId: (websiteId) => Number(localStorage.getItem(agentKey(websiteId))),
  saveAgentId: (websiteId, userId) => localStorage.setItem(agentKey(websiteId), String(userId)),
};
