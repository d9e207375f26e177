// The conversation on the screen: its messages, its status, and who reads and types in it.
//
//   follow, join, switchTo ─► a conversation is shown ─► news of the server ─► messages
//                                                    └─► events ─► messages, status, read marks, typing
import { retryDelay, type Frame } from '../../../../libs/web/sse';
import type { Agent, Conversation, Message, News } from '../../../../libs/web/api';
import { isRefused, type Api, type HttpError } from './api';
import { EventStream } from './events';
import type { Page } from './page';
import { ignore } from './safely';
import type { SavedState } from './storage';
import { markRead, mergeStored, unread, type ChatMessage } from './transcript';
import { Typing } from './typing';

const keptFor = 7 * 24 * 3_600_000; // how long an ended conversation is shown on the next pages, in milliseconds

/** Facts are the members of the events that the chat reads. Each event has some of them. */
interface Facts {
  conversation: Conversation;
  message: Message;
  reader: string;
  conversationToken: string;
  sender: string;
  typing: boolean;
}

/** named is a conversation of which only the token is known. */
const named = (token: string) => ({ token, status: 'OPEN' }) as Conversation;

export class CurrentConversation {
  messages: ChatMessage[] = []; // stored ones, and the drafts of the outbox
  readonly agents = new Map<number, Agent>();
  conversation: Conversation | null = null;
  isVisible?: boolean; // the messages are on the screen
  isFollowed?: boolean; // messages that arrive from now on are new to the visitor
  readonly typing: Typing;

  private readonly _events: EventStream;
  private _lastMessageId = 0;
  private _held: Frame[] | null = null; // events that wait for the end of a send: they may be about its message
  private _isBehind?: boolean; // events may be missing
  private _isCatchingUp?: boolean;

  /** onChange gets whether the visitor is another one. onAgentMessage gets each message that is new to the visitor. */
  constructor(
    private readonly _api: Api,
    private readonly _page: Page,
    private readonly _saved: SavedState,
    private readonly _onChange: (isOtherVisitor?: boolean) => void,
    private readonly _onAgentMessage: (content: string) => void,
  ) {
    this.typing = new Typing(
      () => _onChange(),
      (typing) => _api.call('POST', this._path('typing'), { typing }).catch(ignore),
    );
    this._events = new EventStream(
      _api,
      _page,
      _saved,
      () => !!this.conversation,
      (frame) => this._handle(frame),
    );
  }

  get token(): string | undefined {
    return this.conversation?.token;
  }

  get unreadCount(): number {
    return unread(this.messages, 'USER').length;
  }

  private _path(resource: string) {
    return `/visitor/conversations/${this.conversation!.token}/${resource}`;
  }

  /** follow shows the visitor's conversation of an earlier page. Messages that arrive later are new to the visitor. */
  async follow() {
    if (!this.conversation && this._saved.thread) this.conversation = named(this._saved.thread);
    await this._fetchKnown();
    this._events.open();
    this.isFollowed = true;
  }

  /** join shows the conversation that the server names: an agent, or another device, may have opened it. */
  join(conversation: Conversation) {
    const isKnown = conversation.token === this.token;
    if (!isKnown) this._remove();
    this._show(conversation);
    if (isKnown || !this.isFollowed) return;
    this._events.open();
    this._catchUp();
  }

  /** begin shows the conversation that a message of the visitor has opened. */
  begin(conversation: Conversation) {
    this._show(conversation);
    // If another tab or device has opened it, it has other messages. A stream that begins now reads them too.
    if (this._events.isOpen) this._catchUp();
  }

  /** switchTo shows another open conversation in place of the current one. */
  async switchTo(token: string) {
    this._saved.thread = token;
    await this.adopt(token);
  }

  /** adopt shows a conversation of which only the token is known. '' shows none. Unsent messages stay. */
  async adopt(token: string) {
    if (token === (this.token || '')) return;
    this._remove();
    if (!token) return;
    this.conversation = named(token);
    this._events.open();
    await this._fetchKnown().catch(() => this._catchUp());
  }

  /** leave starts over, without a conversation. */
  leave() {
    this._saved.thread = '';
    this._remove();
  }

  /** clear removes all that the visitor has seen and written. */
  clear() {
    if (this._held) this._held = [];
    this._events.forget();
    this.isFollowed = this.typing.isAgentTyping = false;
    this.messages = [];
    this._remove(true);
  }

  /** removeMessages removes those for which isStale is true. */
  removeMessages(isStale: (message: ChatMessage) => boolean) {
    this.messages = this.messages.filter((m) => !isStale(m));
  }

  private _show(conversation: Conversation) {
    this.conversation = conversation;
    this._saved.thread = conversation.token;
  }

  /** _remove takes the conversation from the screen. Drafts stay. */
  private _remove(isOtherVisitor?: boolean) {
    this.conversation = null;
    this.removeMessages((m) => !!m.id);
    this._lastMessageId = 0;
    this._onChange(isOtherVisitor);
  }

  /** _fetchKnown is _fetchNews for a stored conversation, which may not exist any more, or may have ended long ago. */
  private async _fetchKnown() {
    try {
      await this._fetchNews();
    } catch (err) {
      if ((err as HttpError).status !== 404) throw err;
      this.leave();
    }
    const { status, closedAt } = this.conversation || {};
    const isOld = status === 'CLOSED' && !!closedAt && Date.now() - Date.parse(closedAt) > keptFor;
    if (isOld && !this.unreadCount) this.leave();
  }

  /** _fetchNews reads all messages after the last one that is known. */
  private async _fetchNews() {
    for (let hasMore = !!this.conversation; hasMore;) {
      const { token } = this.conversation!;
      const news = await this._getNews(this._lastMessageId);
      if (token !== this.token) return; // it was left meanwhile
      for (const m of news.messages) this._merge(m);
      this.conversation = news.conversation;
      hasMore = news.hasMore && news.messages.length > 0;
    }
    this._onChange();
    this.markRead();
  }

  /** _catchUp reads the news until it succeeds. Only then nothing that happened before is missing. */
  private async _catchUp() {
    this._isBehind = true;
    if (this._isCatchingUp) return;
    this._isCatchingUp = true;
    for (let failures = 0; this._isBehind && this.conversation;) {
      this._isBehind = false;
      try {
        await this._fetchNews();
      } catch (err) {
        if (isRefused((err as HttpError).status)) break;
        this._isBehind = true;
        await this._page.sleep(retryDelay(failures++));
      }
    }
    this._isCatchingUp = false;
  }

  private async _getNews(after: number): Promise<News> {
    const news = await this._api.call<News>('GET', this._path('messages?after=' + after));
    for (const a of news.users) this.agents.set(a.id, a);
    return news;
  }

  /** hold keeps the events back that may be about a message that is being sent, until release. */
  hold() {
    this._held = [];
  }

  release() {
    const held = this._held || [];
    this._held = null;
    for (const frame of held) this._handle(frame);
    this._events.open();
  }

  private _handle(frame: Frame) {
    if (frame.event === 'ready') {
      if (!frame.data.resumed) this._catchUp();
      return;
    }
    const { conversation, message, reader, conversationToken, sender, typing } = frame.data.data as Partial<Facts>;
    if ((conversation ? conversation.token : conversationToken) !== this.token) {
      // Another device has opened a conversation after this one ended.
      if (conversation?.status === 'OPEN' && this.conversation?.status !== 'OPEN') {
        this.switchTo(conversation.token).catch(ignore);
      }
      return;
    }
    switch (frame.event) {
      case 'message.created':
        if (this._held && message!.senderType === 'VISITOR') {
          this._held.push(frame);
          return;
        }
        this._receive(conversation!, message!);
        break;
      case 'conversation.updated':
      case 'conversation.rated':
        this.conversation = conversation!;
        break;
      case 'conversation.read':
        if (this._held) {
          this._held.push(frame);
          return;
        }
        markRead(this.messages, reader === 'USER' ? 'VISITOR' : 'USER');
        break;
      case 'typing':
        if (sender === 'USER') this.typing.setAgentTyping(typing!);
        break;
    }
    this._onChange();
  }

  private _receive(conversation: Conversation, message: Message) {
    this.conversation = conversation;
    if (this._merge(message) && message.senderType === 'USER') {
      this.typing.setAgentTyping(false);
      if (!this.agents.has(message.userId!)) {
        // The response names the agent. If it fails, the agent is shown without a name.
        this._getNews(Math.max(0, this._lastMessageId - 1)).then(() => this._onChange(), ignore);
      }
    }
    this.markRead();
  }

  /** _merge shows a stored message. It reports whether the message is new. */
  private _merge(message: Message): boolean {
    this._lastMessageId = Math.max(this._lastMessageId, message.id);
    if (!mergeStored(this.messages, message)) return false;
    this._onChange();
    if (this.isFollowed && message.senderType === 'USER') this._onAgentMessage(message.content);
    return true;
  }

  /** markRead reports the agents' messages as read if they are on the screen. */
  markRead() {
    if (!this.isVisible || this._page.isHidden() || !this.conversation || !this.unreadCount) return;
    markRead(this.messages, 'USER');
    this._onChange();
    this._api.call('POST', this._path('read')).catch(ignore);
  }

  /** reportTyping sends to the agents whether the visitor types. */
  reportTyping(typing: boolean) {
    if (this.conversation) this.typing.report(typing);
  }

  async rate(rating: number, feedback: string) {
    const { token } = this.conversation!;
    await this._change(`/conversations/${token}/rate`, { rating, feedback: feedback || undefined });
  }

  /** close ends the conversation. */
  async close() {
    await this._change(this._path('close'));
  }

  private async _change(path: string, body?: object) {
    const { token } = this.conversation!;
    const changed = await this._api.call<Conversation>('POST', path, body);
    if (this.token === token) this.conversation = changed; // the visitor may have left it meanwhile
    this._onChange();
  }
}
