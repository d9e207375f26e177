// The entry point of the chat's script: the chat, the panel and the notices. It is loaded when the chat is opened, the
// page says who the visitor is, or the browser knows a visitor from before.
import type { Widget } from '../../../../libs/web/api';
import { Api } from './api';
import { Chat } from './chat';
import { browserPage } from './page';
import type { SavedState } from './storage';

export { createNotices } from './notices';
export { createPanel } from './panel';
export { addStyles } from './styles';

export const createChat = (
  baseUrl: string,
  settings: Widget,
  saved: SavedState,
  onChange: (isOtherVisitor?: boolean) => void,
  onAgentMessage: (content: string) => void,
) => {
  const { pageParameters, websiteClientToken } = settings;
  const page = browserPage(pageParameters || []);
  return new Chat(new Api(baseUrl, saved), page, websiteClientToken, saved, onChange, onAgentMessage);
};
