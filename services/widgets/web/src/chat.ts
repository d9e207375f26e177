// The chat without its display: the visitor's session, the conversation and the outbox.
//
//   send ─► outbox ─► flush ─► POST message ─► stored message
//   start ─► session ─► NewsReader ─► listen: event stream, reconnecting with the id of the last event
import { retryDelay, type Frame } from '../../../../libs/web/sse';
import { isRefused, type Api, type HttpError } from './api';
import type { Thread } from './log';
import { NewsReader } from './news';
import type { Page } from './page';
import { warn } from './safely';
import { refresh, type Lead } from './share';
import type { Draft, SavedState } from './storage';
import { cut, fitting, wellFormed } from './text';
import { acknowledgeDraft, addDraft, markRead, mergeStored, unread, type ChatMessage } from './transcript';
import type {
  Agent,
  AgentPresence,
  Conversation,
  Message,
  News,
  OpenedConversation,
  OwnConversationPage,
  Session,
} from '../../../../libs/web/api';

// Milliseconds.
const heartbeatInterval = 30_000; // the server counts a visitor as offline after 60 s
const keptFor = 7 * 24 * 3_600_000; // how long a conversation that has ended is shown on the next pages
const navigationDelay = 500; // from a navigation to its report: an application may set the title later
const typingInterval = 3_000; // between two reports that the visitor is typing
const typingTimeout = 7_000; // an agent's typing is hidden if it isn't repeated; the server keeps it for 6 s

const maxNameLength = 100; // characters
const maxContextBytes = 8 << 10; // the server takes 16 KB, with the facts of the page
export const maxMessageBytes = 64 << 10;

const newDraftId = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('-');

const ignore = () => {};

const bodyOf = ({ id, content }: Draft) => ({ content, clientMessageId: id });

/** Facts are the members of the events that the chat reads. Each event has some of them. */
interface Facts {
  conversation: Conversation;
  message: Message;
  reader: string;
  conversationToken: string;
  sender: string;
  typing: boolean;
}

/** VisitorData is what a session says about the visitor. */
interface VisitorData {
  name?: string | undefined;
  context?: object | undefined;
  identity?: object | undefined; // which user of the website the visitor is
}

export class Chat {
  messages: ChatMessage[] = [];
  agents = new Map<number, Agent>();
  conversation: Conversation | null = null;
  agentsOnline = true;
  replySeconds: number | null = null; // the usual time to a first response
  agentTyping?: boolean;
  isVisible?: boolean; // the messages are on the screen
  isUnavailable?: boolean; // the server refuses the chat, or the page's origin
  sendFailed?: boolean; // the last attempt to send a message failed; it is repeated

  private readonly _news: NewsReader;
  private _changes = 0; // of the conversation, in the order of its events
  private _considered = ''; // the last conversation of another device that was opened before this one ended
  private _lastEventId = '';
  private _isSending?: boolean;
  private _sending = ''; // the id of the draft
  private _held: (() => void)[] = []; // what events say during a send: it may be about the message being sent
  private _starting?: Promise<void> | null;
  private _lastSession: Promise<void> = Promise.resolve();
  private _isListening?: boolean;
  private _isStarted?: boolean; // messages that arrive from now on are new to the visitor
  private _heartbeat: ReturnType<typeof setInterval> | undefined;
  private _typingReportedAt = 0; // 0 if the server knows that the visitor isn't typing
  private _typingTimer: ReturnType<typeof setTimeout> | undefined;
  private _sendFailures = 0;
  private _resets = 0;
  private _turn?: object | undefined; // of resume
  private _navigated: ReturnType<typeof setTimeout> | undefined;
  private _reportedPage = '';
  private _visitor = ''; // the token of this page's session
  private _visitorId = 0;
  private _begun = ''; // the last conversation that an agent has begun, as the session said
  private _unsaid: VisitorData = {};

  constructor(
    private readonly _api: Api,
    private readonly _page: Page,
    private readonly _clientToken: string,
    readonly saved: SavedState,
    private readonly _onChange: (isOtherVisitor?: boolean) => void,
    private readonly _onAgentMessage: (content: string) => void,
  ) {
    this._news = new NewsReader(
      (after) => this._getNews(after),
      (news) => this._take(news),
      () => this._seek(),
      (ms) => _page.sleep(ms),
    );
    this.listen();
  }

  /** listen follows the page and the other tabs, again after document.open() has removed all listeners. */
  listen() {
    this._page.listen(this._onNavigated, this._onStored);
  }

  private readonly _onStored = ({ key }: { key?: string | null }) => {
    if (this.saved.owns(key)) this._sync().catch(ignore);
  };

  private readonly _onNavigated = () => {
    clearTimeout(this._navigated);
    this._navigated = setTimeout(() => this._reportPage().catch(ignore), navigationDelay);
  };

  /** _sync follows what another tab has stored: another visitor or none, or another conversation. */
  private async _sync() {
    this.saved.refresh();
    const { visitor, thread } = this.saved;
    this._dropSent();
    this._onChange();
    if (!this._visitor && this._starting) return; // this tab's session is about to begin
    if (visitor !== this._visitor) {
      this._resets++;
      this._turn = undefined;
      this._starting = null;
      if (this._visitor) this._clear();
      this._visitor = '';
      if (visitor) await this.resume();
    } else if (this._starting && thread !== (this.conversation?.token || '')) {
      await this._starting;
      await this._adopt(this.saved.thread);
    }
  }

  /** _dropSent removes the drafts that another tab has sent, or has removed with their visitor. */
  private _dropSent() {
    const { outbox } = this.saved;
    this.messages = this.messages.filter(
      ({ id, key }) => id || key === this._sending || outbox.some((draft) => draft.id === key),
    );
  }

  /** _adopt shows a conversation of which only the token is known. '' shows none. Unsent messages stay. */
  private async _adopt(token: string) {
    if (token === (this.conversation?.token || '')) return;
    this._leave();
    if (!token) return;
    this.conversation = { token, status: 'OPEN' } as Conversation;
    this._listen();
    await this._fetchKnown().catch(() => this._news.catchUp());
  }

  /** _fetchKnown reads a stored conversation, which may not exist any more, or may have ended long ago. */
  private async _fetchKnown() {
    const { token } = this.conversation || {};
    try {
      await this._news.read();
    } catch (err) {
      if ((err as HttpError).status !== 404) throw err;
      if (token === this.conversation?.token) this.leaveConversation();
    }
    const { status, closedAt } = this.conversation || {};
    const isOld = status === 'CLOSED' && !!closedAt && Date.now() - Date.parse(closedAt) > keptFor;
    if (isOld && !this.unreadCount) this.leaveConversation();
  }

  /** _reportPage shows the agents the page that the visitor is on, if it is another one than before. */
  private async _reportPage() {
    const context = this._page.context();
    if (!this._isStarted || JSON.stringify(context) === this._reportedPage) return;
    await this._updateSession({ context });
    this._reportedPage = JSON.stringify(context);
  }

  /**
   * resume starts, again and again unless the server refuses the chat. A refusal without a status is a guess: a
   * connection that breaks once looks the same.
   */
  async resume() {
    const turn = (this._turn = {}); // another call, or a reset, ends this one
    for (let failures = 0; turn === this._turn; failures++) {
      try {
        return await this.start();
      } catch (err) {
        if (this.isUnavailable && ((err as HttpError).status || failures > 2)) return;
      }
      await this._page.sleep(retryDelay(failures));
    }
  }

  /**
   * start opens the session and continues the conversation of an earlier page. Repeated calls share one attempt. first
   * is what the session says about the visitor; if it fails, the next one says it.
   */
  start(first: VisitorData = {}): Promise<void> {
    if (!this._starting) {
      const { _unsaid } = this;
      this._unsaid = { ..._unsaid, ...first, context: { ..._unsaid.context, ...first.context } };
      this._starting = this._begin(this._unsaid).catch(async (err) => {
        this._starting = null;
        if (isRefused(err.status)) this._unsaid = {};
        await this._explain(err);
        throw err;
      });
    }
    return this._starting;
  }

  /** _explain reports to the developer of the page why there is no session, unless the network is down. */
  private async _explain(err: Partial<HttpError>) {
    const { status } = err;
    if (!status && !(err instanceof TypeError)) return; // it took too long, or the visitor was reset
    const isRefusal = status ? isRefused(status) && status !== 401 : await this._api.isReachable(this._clientToken);
    if (isRefusal && !this.isUnavailable) {
      const reason = status ? '' : ': it does not allow the origin ' + this._page.origin();
      warn(`the server refuses the chat${reason} (${err.message})`);
    }
    this.isUnavailable = isRefusal;
    this._onChange();
  }

  private async _begin(first: VisitorData) {
    const page = this._page.context();
    await this._updateSession({ ...first, context: { ...page, ...first.context } });
    this._unsaid = {};
    this._reportedPage = JSON.stringify(page);
    for (const d of this.saved.outbox) addDraft(this.messages, d);
    this._onChange();
    this._flush();
    await this._follow();
    if (!this._heartbeat) this._heartbeat = setInterval(() => this._beat(), heartbeatInterval);
  }

  /** _follow shows the visitor's conversation. Messages that arrive later are new to the visitor. */
  private async _follow() {
    if (!this.conversation && this.saved.thread) {
      this.conversation = { token: this.saved.thread, status: 'OPEN' } as Conversation;
    }
    try {
      await this._fetchKnown();
    } finally {
      this._listen(); // if the read has failed, the stream begins with another one
    }
    this._isStarted = true;
  }

  /**
   * identify shows the visitor's name to the agents; the other members become the visitor's context. With a userId, a
   * token or a hash it says which user of the website the visitor is; the server may then answer with another visitor.
   */
  async identify({ name, token, userHash, ...context }: Record<string, unknown>) {
    const { userId, email } = context;
    const data: VisitorData = {
      name: name ? cut(String(name), maxNameLength) : undefined,
      context: fitting(context, maxContextBytes),
      identity:
        token || userId
          ? { userId: userId && String(userId), email: email && String(email), userHash, token }
          : undefined,
    };
    const begun = this._starting;
    if (begun) {
      const updated = this._updateSession(data); // follows the session that has begun, even if that is refused
      await Promise.allSettled([begun, updated]);
      await updated;
      await this.start();
    } else {
      await this.start(data);
    }
    if (!this._isStarted) await this._follow(); // it is another person
  }

  /** addContext adds facts to the visitor's context. Without a session they wait for it. */
  async addContext(facts: Record<string, unknown>) {
    const context = fitting(facts, maxContextBytes);
    if (this._starting) return this._updateSession({ context });
    this._unsaid = { ...this._unsaid, context: { ...this._unsaid.context, ...context } };
  }

  /** reset forgets the visitor, on the screen and in the storage. The next session starts a new one. */
  reset() {
    this._resets++;
    this._unsaid = {};
    this._turn = undefined;
    this._starting = null;
    this._forget();
  }

  private _forget() {
    this.saved.forget();
    this._clear();
  }

  /** _clear removes the visitor from the screen. */
  private _clear() {
    this.saved.text = '';
    this._api.forget();
    this._held = [];
    this._lastEventId = '';
    this._isStarted = this.agentTyping = false;
    this._visitorId = 0;
    this._sendFailures = 0;
    this.messages = [];
    this._leave(true);
  }

  /**
   * _updateSession sends the visitor's data to the server. Calls run one after the other, so that the last one
   * counts.
   */
  private _updateSession(data: VisitorData): Promise<void> {
    const resets = this._resets;
    const updated = this._lastSession.then(() => {
      if (resets !== this._resets) throw new Error('reset');
      return this._postSession(data);
    });
    this._lastSession = updated.catch(ignore);
    return updated;
  }

  /** _postSession lets one tab after the other begin, as long as there is no visitor: each would create one. */
  private _postSession(data: VisitorData): Promise<void> {
    if (this.saved.visitor) return this._exchange(data);
    return this._page.alone(() => {
      this.saved.refresh();
      return this._exchange(data);
    });
  }

  private async _exchange(data: VisitorData) {
    const { visitor, secret } = this.saved;
    const { token } = this.conversation || {};
    const post = (visitorSecret: string) =>
      this._api.call<Session>('POST', '/visitor/sessions', {
        clientToken: this._clientToken,
        visitorToken: visitor,
        visitorSecret,
        ...data,
      });
    let session: Session;
    try {
      session = await post(secret);
    } catch (err) {
      if ((err as HttpError).status !== 400 || !data.context) throw err;
      // The page's facts may be too large together with older ones: the chat is worth more than they.
      warn(err);
      data = { ...data, context: undefined };
      session = await post(secret);
    }
    if (session.visitorToken !== visitor && this.saved.visitor === visitor && this.saved.secret !== secret) {
      // Another page of the website has stored a secret in the meantime.
      session = await post(this.saved.secret);
    }
    const { id } = session.visitor;
    const isCurrent = token === this.conversation?.token; // else the response doesn't know of the conversation
    const isOther = this._visitorId ? id !== this._visitorId : !!visitor && session.visitorToken !== visitor;
    if (isOther && data.identity) {
      this._forget(); // another person
    } else if (isOther) {
      this.leaveConversation(); // the server doesn't know the visitor any more
      for (const draft of this.saved.outbox) this.saved.bindDraft(draft, '');
    }
    this._visitorId = id;
    this.saved.setCredentials(session.visitorToken, session.visitorSecret || this.saved.secret);
    this._visitor = session.visitorToken;
    this.agentsOnline = session.agentsOnline;
    this.replySeconds = session.replySeconds ?? null; // a server of the version before doesn't say
    this.isUnavailable = !!session.visitor.blockedAt;
    this._begun = session.agentConversation || '';
    if (session.conversation && isCurrent && session.conversation.token !== this.conversation?.token) {
      this._leave();
      this._show(session.conversation);
      if (this._isStarted) {
        this._listen();
        this._news.catchUp(); // an agent, or another device, has opened it since
      }
    }
    this._onChange();
  }

  private async _beat() {
    if (this._page.isHidden() || !this.saved.visitor) return;
    try {
      const beat = await this._api.call<AgentPresence>('POST', '/visitor/heartbeat');
      this.agentsOnline = beat.agentsOnline;
      this._onChange();
      // A server of the version before doesn't say what agents have begun.
      const begun = beat.agentConversation || this._begun;
      if (![this._begun, this.conversation?.token].includes(begun)) await this._updateSession({});
    } catch {
      // The next heartbeat follows.
    }
  }

  /** send shows and saves a message, then sends it. It reports false if the outbox is full. */
  send(content: string): boolean {
    const draft: Draft = { id: newDraftId(), content: wellFormed(content) };
    if (!this.saved.addDraft(draft)) return false;
    this._typingReportedAt = 0;
    // Without a session, the drafts of an earlier page may not be there yet. They go first.
    for (const d of this._visitor ? [draft] : this.saved.outbox) addDraft(this.messages, d);
    this._onChange();
    this._flush();
    return true;
  }

  retry(message: ChatMessage) {
    message.state = 'sending';
    this._sendFailures = 0;
    this._onChange();
    this._flush();
  }

  /** _flush sends the drafts one after the other, until each is stored or refused. */
  private async _flush() {
    if (this._isSending) return;
    this._isSending = true;
    for (let next = this._nextDraft(); next; next = this._nextDraft()) {
      const [{ id }, message] = next;
      let draft: Draft | undefined;
      let secret = '';
      this._sending = id;
      try {
        await this.start();
        await this._lastSession; // it may replace the secret, or the visitor with all that they wrote
        draft = this.saved.outbox.find((d) => d.id === id);
        if (!draft) {
          this.messages = this.messages.filter((m) => m !== message); // or another tab has sent it
          continue;
        }
        secret = this.saved.secret;
        const stored = await this._deliver(draft);
        this._sendFailures = 0;
        this.sendFailed = this.isUnavailable = false;
        this.saved.removeDraft(draft.id);
        if (!draft.to || draft.to === this.conversation?.token) acknowledgeDraft(this.messages, message, stored);
        else await this._showElsewhere(message, draft.to);
      } catch (err) {
        const { status } = err as HttpError;
        if (status === 401 && this.saved.secret !== secret) continue; // another tab has got a newer one
        this._handleSendError(draft, message, status);
        if (message.state === 'sending') {
          this.sendFailed = true;
          this._onChange();
          await this._page.sleep(retryDelay(this._sendFailures++));
        }
      }
      this._onChange();
    }
    this._isSending = false;
    this._sending = '';
    this._dropSent();
    for (const apply of this._held.splice(0)) apply();
    this._onChange();
    this._listen();
  }

  private _nextDraft(): [Draft, ChatMessage] | undefined {
    for (const draft of this.saved.outbox) {
      const message = this.messages.find((m) => m.key === draft.id && m.state === 'sending');
      if (message) return [draft, message];
    }
    return undefined;
  }

  /** _showElsewhere removes a message that belongs to a conversation which isn't on the screen, or shows that one. */
  private async _showElsewhere(message: ChatMessage, token: string) {
    this.messages = this.messages.filter((m) => m !== message);
    if (this.conversation) return;
    this.saved.thread = token;
    await this._adopt(token);
  }

  private _handleSendError(draft: Draft | undefined, message: ChatMessage, status: number) {
    if (status === 401) {
      // The next attempt begins with a session. If the server doesn't know the visitor any more, it makes a new one.
      this._starting = null;
    } else if (status === 404) {
      if (!draft || draft.to === this.conversation?.token) this.leaveConversation();
      if (draft) this.saved.bindDraft(draft, '');
    } else if (isRefused(status)) {
      message.state = 'failed';
      this.isUnavailable = status === 403; // the website's team has blocked the visitor
    }
  }

  private async _deliver(draft: Draft): Promise<Message> {
    const to = draft.to || this.conversation?.token;
    if (to) {
      this.saved.bindDraft(draft, to);
      return this._api.call('POST', `/visitor/conversations/${to}/messages`, bodyOf(draft));
    }
    const opened = await this._open(draft);
    this._show(opened.conversation);
    // If another tab or device has opened it, it has other messages. A stream that begins now reads them too.
    if (this._isListening) this._news.catchUp();
    return opened.message;
  }

  /** _open continues the visitor's open conversation. A server of the version before can't: it opens another one. */
  private async _open(draft: Draft): Promise<OpenedConversation> {
    const open = (more: object) =>
      this._api.call<OpenedConversation>('POST', '/visitor/conversations', { ...bodyOf(draft), ...more });
    try {
      return await open({ continue: true });
    } catch (err) {
      if ((err as HttpError).status !== 400) throw err;
      return open({});
    }
  }

  private _show(conversation: Conversation) {
    this.conversation = conversation;
    this.saved.thread = conversation.token;
  }

  private _path(resource: string) {
    return `/visitor/conversations/${this.conversation!.token}/${resource}`;
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
    if (open && conversation.token === this.conversation?.token) this.continueConversation(open.token).catch(ignore);
  }

  /** _listen follows the events for as long as there is a conversation. The tabs of the browser share one stream. */
  private async _listen() {
    if (this._isListening || !this.conversation) return;
    this._isListening = true;
    while (this.conversation) {
      const name = 'fivechat:' + this._visitor;
      await this._page.share(name, this._api.signal, this._stream, (frame) => this._handle(frame));
    }
    this._isListening = false;
    this._lastEventId = ''; // the events up to now were about no conversation of the screen
  }

  private readonly _stream: Lead = async (relay, ended) => {
    for (let failures = 0; this.conversation && !ended.aborted;) {
      try {
        await this._api.stream(this._lastEventId, ended, (frame) => {
          failures = 0;
          relay(frame);
        });
      } catch {
        // The stream is opened again.
      }
      await this._page.sleep(retryDelay(failures++));
      // If something between server and browser blocks streams, this polling still brings the messages.
      if (!ended.aborted) relay(refresh);
    }
  };

  private _handle(frame: Frame) {
    if (frame.id) this._lastEventId = frame.id;
    if (frame.event === 'ready') {
      if (!frame.data.resumed) this._news.catchUp();
      return;
    }
    const { conversation, message, reader, conversationToken, sender, typing } = frame.data.data as Partial<Facts>;
    if ((conversation ? conversation.token : conversationToken) !== this.conversation?.token) {
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
        if (sender === 'USER') this._setAgentTyping(typing!);
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
    if (this.conversation?.status !== 'OPEN') this.continueConversation(token).catch(ignore);
    else if (token !== this._considered) {
      // Events of two conversations have no order: the end of this one may not be known yet.
      this._considered = token;
      this._news.catchUp();
    }
  }

  /** _afterSend calls apply once no message is being sent, unless the conversation was left. */
  private _afterSend(apply: () => void) {
    const { token } = this.conversation!;
    if (this._isSending) this._held.push(() => token === this.conversation?.token && apply());
    else apply();
  }

  private _receive(message: Message) {
    if (this._merge(message) && message.senderType === 'USER') {
      this._setAgentTyping(false);
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
    if (this._isStarted && message.senderType === 'USER') this._onAgentMessage(message.content);
    return true;
  }

  /** visitor is the token of the session, or '' without one. */
  get visitor(): string {
    return this._visitor === this.saved.visitor ? this._visitor : '';
  }

  get unreadCount(): number {
    return unread(this.messages, 'USER').length;
  }

  /** markRead reports the agents' messages as read if they are on the screen. */
  markRead() {
    if (!this.isVisible || this._page.isHidden() || !this.conversation || !this.unreadCount) return;
    markRead(this.messages, 'USER');
    this._onChange();
    this._api.call('POST', this._path('read')).catch(ignore);
  }

  private _setAgentTyping(typing: boolean) {
    clearTimeout(this._typingTimer);
    this.agentTyping = typing;
    if (!typing) return;
    this._typingTimer = setTimeout(() => {
      this.agentTyping = false;
      this._onChange();
    }, typingTimeout);
  }

  /** reportTyping sends to the agents whether the visitor types. It limits how often. */
  reportTyping(typing: boolean) {
    const now = Date.now();
    const isKnown = typing ? now - this._typingReportedAt < typingInterval : !this._typingReportedAt;
    if (!this.conversation || isKnown) return;
    this._typingReportedAt = typing ? now : 0;
    this._api.call('POST', this._path('typing'), { typing }).catch(ignore);
  }

  async rate(rating: number, feedback: string) {
    const { token } = this.conversation!;
    const body = { rating, feedback: feedback || undefined };
    const rated = await this._api.call<Conversation>('POST', `/conversations/${token}/rate`, body);
    if (this.conversation?.token === token) this._update(rated); // the visitor may have left it meanwhile
    this._onChange();
  }

  async createTicket(title: string, email: string, description: string) {
    await this.start();
    await this._api.call('POST', '/internal/visitors/tickets', { title, description, email: email || undefined });
  }

  /** close ends the conversation. */
  async close() {
    const { token } = this.conversation!;
    const closed = await this._api.call<Conversation>('POST', this._path('close'));
    if (this.conversation?.token === token) this._update(closed);
    this._onChange();
  }

  /** listConversations returns the visitor's newest conversations. */
  async listConversations(): Promise<OwnConversationPage['data']> {
    await this._lastSession; // it may replace the secret
    return (await this._api.call<OwnConversationPage>('GET', '/visitor/conversations?limit=50')).data;
  }

  /** readConversation returns an ended conversation, and reports its messages as read. */
  async readConversation(token: string): Promise<Thread> {
    const path = `/visitor/conversations/${token}/`;
    const thread: Thread = { messages: [], agents: new Map(), saved: { scrolled: 0 }, retry: ignore };
    for (let after = 0, hasMore = true; hasMore;) {
      const news = await this._api.call<News>('GET', path + 'messages?after=' + after);
      for (const a of news.users) thread.agents.set(a.id, a);
      for (const m of news.messages) mergeStored(thread.messages, m);
      after = news.messages[news.messages.length - 1]?.id || 0;
      hasMore = news.hasMore && !!after;
    }
    if (unread(thread.messages, 'USER').length) this._api.call('POST', path + 'read').catch(ignore);
    return thread;
  }

  /** continueConversation shows another open conversation in place of the current one. */
  async continueConversation(token: string) {
    this.saved.thread = token;
    await this._adopt(token);
  }

  /** leaveConversation starts over after the conversation has ended. */
  leaveConversation() {
    this.saved.thread = '';
    this._leave();
  }

  private _leave(isOtherVisitor?: boolean) {
    this.conversation = null;
    this.messages = this.messages.filter((m) => !m.id); // drafts
    this._news.restart();
    this._onChange(isOtherVisitor);
  }
}
