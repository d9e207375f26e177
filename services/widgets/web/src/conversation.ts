// The conversation on the screen: its messages and status, its read marks, and the typing of both sides.
//
//   follow, join, switchTo ─► a conversation is shown ─► NewsReader ─► messages
//                                                    └─► EventStream ─► messages, status, read marks, typing
import type { Frame } from '../../../../libs/web/sse';
import type { Agent, Conversation, Message, News, OwnConversationPage } from '../../../../libs/web/api';
import type { Api, HttpError } from './api';
import { EventStream } from './events';
import { NewsReader } from './news';
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
  private readonly _news: NewsReader;
  private _held: (() => void)[] | null = null; // what events say during a send: it may be about the message being sent
  private _changes = 0; // of the conversation, in the order of its events
  private _considered = ''; // the last conversation of another device that was opened before this one ended

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
    this._news = new NewsReader(
      (after) => this._getNews(after),
      (news) => this._take(news),
      () => this._seek(),
      (ms) => _page.sleep(ms),
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
    try {
      await this._fetchKnown();
    } finally {
      this._events.open(); // if the read has failed, the stream begins with another one
    }
    this.isFollowed = true;
  }

  /** join shows the conversation that the server names: an agent, or another device, may have opened it. */
  join(conversation: Conversation) {
    if (conversation.token === this.token) return;
    this._remove();
    this._show(conversation);
    if (!this.isFollowed) return;
    this._events.open();
    this._news.catchUp();
  }

  /** begin shows the conversation that a message of the visitor has opened. */
  begin(conversation: Conversation) {
    this._show(conversation);
    // If another tab or device has opened it, it has other messages. A stream that begins now reads them too.
    if (this._events.isOpen) this._news.catchUp();
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
    await this._fetchKnown().catch(() => this._news.catchUp());
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
    this._news.restart();
    this._onChange(isOtherVisitor);
  }

  /** _fetchKnown reads a stored conversation, which may not exist any more, or may have ended long ago. */
  private async _fetchKnown() {
    const { token } = this;
    try {
      await this._news.read();
    } catch (err) {
      if ((err as HttpError).status !== 404) throw err;
      if (token === this.token) this.leave();
    }
    const { status, closedAt } = this.conversation || {};
    const isOld = status === 'CLOSED' && !!closedAt && Date.now() - Date.parse(closedAt) > keptFor;
    if (isOld && !this.unreadCount) this.leave();
  }

  private async _getNews(after: number): Promise<News | null> {
    if (!this.conversation) return null;
    const changes = this._changes;
    const news = await this._api.call<News>('GET', this._path('messages?after=' + after));
    for (const a of news.users) this.agents.set(a.id, a);
    // An event that arrived meanwhile may be later than the response.
    return changes === this._changes ? news : { ...news, conversation: this.conversation };
  }

  private _take({ messages, conversation }: News) {
    for (const m of messages) this._merge(m);
    this.conversation = conversation;
    this._onChange();
    this.markRead();
  }

  /** _seek shows the visitor's open conversation if this one has ended: another device may have opened it. */
  private async _seek() {
    const { conversation } = this;
    if (!conversation || conversation.status === 'OPEN') return;
    const { data } = await this._api.call<OwnConversationPage>('GET', '/visitor/conversations?limit=10');
    const open = data.map((row) => row.conversation).find(({ status }) => status === 'OPEN');
    if (open && conversation.token === this.token) this.switchTo(open.token).catch(ignore);
  }

  /** hold keeps back what events say, if it may be about a message that is being sent, until release. */
  hold() {
    this._held = [];
  }

  release() {
    const held = this._held || [];
    this._held = null;
    for (const apply of held) apply();
    this._onChange();
    this._events.open();
  }

  private _handle(frame: Frame) {
    if (frame.event === 'ready') {
      if (!frame.data.resumed) this._news.catchUp();
      return;
    }
    const { conversation, message, reader, conversationToken, sender, typing } = frame.data.data as Partial<Facts>;
    if ((conversation ? conversation.token : conversationToken) !== this.token) {
      if (conversation?.status === 'OPEN') this._consider(conversation.token);
      return;
    }
    if (conversation) this._update(conversation);
    switch (frame.event) {
      case 'message.created':
        if (message!.senderType === 'VISITOR') this._afterSend(() => this._receive(message!));
        else this._receive(message!);
        break;
      case 'conversation.read':
        this._afterSend(() => markRead(this.messages, reader === 'USER' ? 'VISITOR' : 'USER'));
        break;
      case 'typing':
        if (sender === 'USER') this.typing.setAgentTyping(typing!);
        break;
    }
    this._onChange();
  }

  private _update(conversation: Conversation) {
    this.conversation = conversation;
    this._changes++;
  }

  /** _consider shows a conversation that another device, or an agent, has opened, if this one has ended. */
  private _consider(token: string) {
    if (this.conversation?.status !== 'OPEN') this.switchTo(token).catch(ignore);
    else if (token !== this._considered) {
      // Events of two conversations have no order: the end of this one may not be known yet.
      this._considered = token;
      this._news.catchUp();
    }
  }

  /** _afterSend calls apply once no message is being sent, unless the conversation was left. */
  private _afterSend(apply: () => void) {
    const { token } = this.conversation!;
    if (this._held) this._held.push(() => token === this.token && apply());
    else apply();
  }

  private _receive(message: Message) {
    if (this._merge(message) && message.senderType === 'USER') {
      this.typing.setAgentTyping(false);
      if (!this.agents.has(message.userId!)) {
        // The response names the agent. If it fails, the agent is shown without a name.
        this._getNews(message.id - 1).then(() => this._onChange(), ignore);
      }
    }
    this.markRead();
  }

  /** _merge shows a stored message. It reports whether the message is new. */
  private _merge(message: Message): boolean {
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
    if (this.token === token) this._update(changed); // the visitor may have left it meanwhile
    this._onChange();
  }
}
