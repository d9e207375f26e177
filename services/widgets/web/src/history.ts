// The visitor's other conversations, as the server has them.
import type { News, OwnConversationPage } from '../../../../libs/web/api';
import type { Api } from './api';
import type { Thread } from './log';
import { ignore } from './safely';
import { mergeStored, unread } from './transcript';

/** listConversations returns the visitor's newest conversations. */
export async function listConversations(api: Api): Promise<OwnConversationPage['data']> {
  return (await api.call<OwnConversationPage>('GET', '/visitor/conversations?limit=50')).data;
}

/** readConversation returns an ended conversation, and reports its messages as read. */
export async function readConversation(api: Api, token: string): Promise<Thread> {
  const path = `/visitor/conversations/${token}/`;
  const thread: Thread = { messages: [], agents: new Map(), saved: { scrolled: 0 }, retry: ignore };
  for (let after = 0, hasMore = true; hasMore;) {
    const news = await api.call<News>('GET', path + 'messages?after=' + after);
    for (const a of news.users) thread.agents.set(a.id, a);
    for (const m of news.messages) mergeStored(thread.messages, m);
    after = news.messages[news.messages.length - 1]?.id || 0;
    hasMore = news.hasMore && !!after;
  }
  if (unread(thread.messages, 'USER').length) api.call('POST', path + 'read').catch(ignore);
  return thread;
}
