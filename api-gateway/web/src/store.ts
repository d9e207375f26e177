// The state of the console. The agent's actions and the server's events change it; views read it and subscribe to it.
import { retryDelay, type Frame } from '../../../libs/web/sse';
import { ApiError, path, type Api } from './api';
import {
  addMessage,
  evict,
  loadedThread,
  markReadBy,
  unreadMessages,
  updateConversation,
  type Draft,
  type LoadedThread,
} from './thread';
import type {
  Conversation,
  ConversationCounts,
  ConversationPage,
  ConversationPatch,
  Message,
  Statistics,
  TagList,
  Thread,
  User,
  UserPage,
  VisitorPage,
  Website,
} from '../../../libs/web/api';

/** Page is the store's view of the browser. Tests replace it. */
export interface Page {
  isHidden(): boolean;
  /** notify shows a desktop notification if the agent allows it. */
  notify(title: string, text: string, conversationToken: string): void;
}

// Milliseconds.
const heartbeatInterval = 30_000; // the server counts an agent as offline after 60 s
const visitorOnlineTime = 60_000;
const typingInterval = 3_000; // between two reports that the agent is typing
const typingTimeout = 7_000; // a visitor's typing is hidden if it isn't repeated; the server keeps it for 6 s
const statisticsDelay = 500; // collects the events of a burst
const disconnectedDelay = 2_000; // a shorter interruption isn't shown

const maxThreads = 200; // conversations that are kept with their messages
const maxPreviews = 15; // conversations whose messages are loaded ahead, for the preview in the list
const maxSendFailures = 5;

const ignore = () => {};

export class Store {
  threads = new Map<string, LoadedThread>();
  conversations = new Map<string, Conversation>(); // the open ones
  users: User[] = [];
  statistics: Statistics | null = null;
  counts: ConversationCounts | null = null;
  closed: Conversation[] | null = null; // the newest closed ones, while the agent wants to see them
  ticketsVersion = 0; // changes with each event of a ticket
  tags: string[] = [];
  isConnected = true;
  agent: User | null = null;
  openToken = ''; // of the conversation on the screen
  private readonly _onlineUntil = new Map<number, number>(); // by visitor id
  private readonly _typingTimers = new Map<string, ReturnType<typeof setTimeout>>(); // by conversation token
  private _lastEventId = '';
  private readonly _abort = new AbortController();
  private readonly _listeners = new Set<() => void>();
  private _statisticsTimer: ReturnType<typeof setTimeout> | null = null;
  private _typingReportedAt = 0; // 0 if the server knows that the agent isn't typing

  constructor(
    readonly api: Api,
    public website: Website,
    private readonly _userId: number, // the user that the person is in this website
    private readonly _page: Page,
  ) {}

  get isWritable() {
    return this.website.level === 'READ_WRITE';
  }

  /** subscribe calls a listener after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this._listeners.add(listener);
    return () => {
      this._listeners.delete(listener);
    };
  }

  emitChange() {
    for (const listener of this._listeners) listener();
  }

  /** start reads the state and then follows the events, until stop. */
  async start() {
    this.users = (await this.api.get<UserPage>('/users?limit=100')).data;
    this.agent =
      this.users.find((u) => u.id === this._userId) || (await this.api.get<User>(path`/users/${this._userId}`));
    this._beat();
    await this.refresh();
    if (this._abort.signal.aborted) return;
    this._listen();
    const timer = setInterval(() => {
      this._beat();
      this.refreshStatistics();
      this.emitChange(); // relative times change
    }, heartbeatInterval);
    this._abort.signal.addEventListener('abort', () => clearInterval(timer));
  }

  stop() {
    this._abort.abort();
  }

  private _beat() {
    if (!this.agent || !this.isWritable) return;
    this.api.call('POST', path`/users/${this.agent.id}/heartbeat`).catch(ignore);
  }

  /** refresh reads the whole state: at the start, and after events were missed. */
  async refresh() {
    const newer: Conversation[] = []; // the events that arrive meanwhile: the responses may be older
    this._refreshes.add(newer);
    try {
      await this._read(newer);
    } finally {
      this._refreshes.delete(newer);
    }
  }

  private async _read(newer: Conversation[]) {
    const [open, online, tags] = await Promise.all([
      this.api.get<ConversationPage>('/conversations?status=OPEN&limit=100'),
      this.api.get<VisitorPage>('/visitors?online=true&limit=100'),
      this.api.get<TagList>('/tags'),
      this.refreshStatistics(),
    ]);
    this.conversations = new Map(open.data.map((c) => [c.token, c]));
    for (const c of newer) this._place(c);
    for (const v of online.data) this._onlineUntil.set(v.id, Date.now() + visitorOnlineTime);
    this.tags = tags.data.map((t) => t.name);
    this.closed = null;
    this.emitChange();
    await Promise.all([...this.threads.keys()].map((token) => this.load(token).catch(ignore)));
    this._loadPreviews(open.data);
  }

  /** _loadPreviews loads the first conversations of a list. One that fails has no preview. */
  private async _loadPreviews(conversations: Conversation[]) {
    for (const { token } of conversations.slice(0, maxPreviews)) {
      if (this._abort.signal.aborted) return;
      if (!this.threads.has(token)) await this.load(token).catch(ignore);
    }
  }

  /** refreshStatistics reads the figures, and whether a browser has loaded the widget. A failure keeps the old ones. */
  async refreshStatistics() {
    const midnight = new Date();
    midnight.setHours(0, 0, 0, 0);
    try {
      [this.statistics, this.counts, this.website] = await Promise.all([
        this.api.get<Statistics>('/statistics/current'),
        this.api.get<ConversationCounts>('/conversations/counts?since=' + midnight.toISOString()),
        this.website.widgetLoadedAt ? this.website : this.api.get<Website>('/website'),
      ]);
    } catch {
      return;
    }
    this.emitChange();
  }

  private _scheduleStatistics() {
    if (this._statisticsTimer !== null) return;
    this._statisticsTimer = setTimeout(() => {
      this._statisticsTimer = null;
      this.refreshStatistics();
    }, statisticsDelay);
  }

  private readonly _refreshes = new Set<Conversation[]>();

  private async _listen() {
    let lostTimer: ReturnType<typeof setTimeout> | undefined;
    for (let failures = 0; !this._abort.signal.aborted;) {
      try {
        await this.api.stream(this._lastEventId, this._abort.signal, (frame) => {
          failures = 0;
          clearTimeout(lostTimer);
          lostTimer = undefined;
          this.isConnected = true;
          this._handle(frame);
        });
      } catch {
        // The stream is opened again.
      }
      if (!lostTimer) {
        lostTimer = setTimeout(() => {
          this.isConnected = false;
          this.emitChange();
        }, disconnectedDelay);
      }
      await new Promise((resolve) => setTimeout(resolve, retryDelay(failures++)));
    }
    clearTimeout(lostTimer);
  }

  private _handle(frame: Frame) {
    if (frame.id) this._lastEventId = frame.id;
    switch (frame.event) {
      case 'ready':
        if (!frame.data.resumed) this.refresh().catch(ignore);
        break;
      case 'message.created':
        this._update(frame.data.data.conversation, frame.data.at);
        this._receive(frame.data.data.conversation.token, frame.data.data.message);
        this._scheduleStatistics();
        break;
      case 'conversation.read': {
        const { conversation, reader } = frame.data.data;
        this._update(conversation, frame.data.at);
        const loaded = this.threads.get(conversation.token);
        if (loaded) markReadBy(loaded, reader);
        break;
      }
      case 'conversation.opened':
      case 'conversation.updated':
        this._update(frame.data.data.conversation, frame.data.at);
        this._scheduleStatistics();
        break;
      case 'conversation.rated':
        this._update(frame.data.data.conversation, frame.data.at);
        break;
      case 'conversations.imported':
      case 'visitor.created':
        this._scheduleStatistics();
        break;
      case 'typing': {
        const { sender, conversationToken, typing } = frame.data.data;
        if (sender === 'VISITOR') this._setVisitorTyping(conversationToken, typing);
        break;
      }
      case 'visitor.online':
        this._onlineUntil.set(frame.data.data.visitorId, Date.parse(frame.data.data.until));
        break;
      case 'ticket.created':
      case 'ticket.updated':
      case 'ticket.deleted':
      case 'ticket.message_created':
        this.ticketsVersion++;
        break;
    }
    this.emitChange();
  }

  /** _place puts a conversation into the list of open ones, or removes it. */
  private _place(conversation: Conversation) {
    if (conversation.status === 'OPEN') this.conversations.set(conversation.token, conversation);
    else this.conversations.delete(conversation.token);
  }

  /** _update replaces a conversation in all lists. */
  private _update(conversation: Conversation, at: string) {
    const { token, status } = conversation;
    const loaded = this.threads.get(token);
    if (loaded) updateConversation(loaded, conversation, at, this.users);
    this._place(conversation);
    for (const newer of this._refreshes) newer.push(conversation);
    if (!this.closed) return;
    this.closed = this.closed.filter((c) => c.token !== token);
    if (status === 'CLOSED') this.closed.unshift(conversation);
  }

  private _receive(token: string, message: Message) {
    const loaded = this.threads.get(token);
    const isFromVisitor = message.senderType === 'VISITOR';
    if (!loaded) {
      this.load(token).then(() => {
        if (isFromVisitor) this._notify(token, message);
      }, ignore);
      return;
    }
    addMessage(loaded, message);
    if (!isFromVisitor) return;
    this._setVisitorTyping(token, false);
    this._notify(token, message);
    this.markRead();
  }

  /** _notify announces a message that isn't on the screen. */
  private _notify(token: string, message: Message) {
    if (!this._page.isHidden() && this.openToken === token) return;
    this._page.notify(this.threads.get(token)?.thread.visitor?.name || '', message.content, token);
  }

  private _setVisitorTyping(token: string, isTyping: boolean) {
    const loaded = this.threads.get(token);
    if (!loaded) return;
    clearTimeout(this._typingTimers.get(token));
    this._typingTimers.delete(token);
    loaded.isVisitorTyping = isTyping;
    if (!isTyping) return;
    const timer = setTimeout(() => {
      loaded.isVisitorTyping = false;
      this._typingTimers.delete(token);
      this.emitChange();
    }, typingTimeout);
    this._typingTimers.set(token, timer);
  }

  /** load reads a conversation with all its messages. */
  async load(token: string): Promise<LoadedThread> {
    const thread = await this.api.getWithMessages<Thread>(path`/conversations/${token}`);
    const loaded = loadedThread(thread, this.threads.get(token));
    this.threads.delete(token); // the map is in the order of loading
    this.threads.set(token, loaded);
    evict(this.threads, maxThreads, this.openToken);
    this.emitChange();
    return loaded;
  }

  /** open shows a conversation; '' shows none. */
  async open(token: string) {
    this.openToken = token;
    if (token && !this.threads.has(token)) await this.load(token);
    this.markRead();
    this.emitChange();
  }

  /** markRead reports the visitor's messages as read if they are on the screen. */
  markRead() {
    const loaded = this.threads.get(this.openToken);
    if (!loaded || this._page.isHidden() || !this.isWritable || !this.unreadCount(this.openToken)) return;
    for (const m of unreadMessages(loaded)) m.read = true;
    this.emitChange();
    this.api.call('POST', path`/conversations/${this.openToken}/read`).catch(ignore);
  }

  unreadCount(token: string): number {
    const loaded = this.threads.get(token);
    return loaded ? unreadMessages(loaded).length : 0;
  }

  /** ownUnreadCount counts the unread messages of this agent's conversations and of unassigned ones. */
  get ownUnreadCount(): number {
    let count = 0;
    for (const [token, { assigneeId }] of this.conversations) {
      if (!assigneeId || assigneeId === this.agent?.id) count += this.unreadCount(token);
    }
    return count;
  }

  isOnline(visitorId: number): boolean {
    return (this._onlineUntil.get(visitorId) || 0) > Date.now();
  }

  /** reply shows a message at once and sends it. */
  reply(token: string, content: string) {
    const draft: Draft = { id: crypto.randomUUID(), content, state: 'sending', error: '' };
    this.threads.get(token)!.drafts.push(draft);
    this._typingReportedAt = 0;
    this.deliver(token, draft);
  }

  /** deliver sends a draft until it is stored, refused, or has failed too often. */
  async deliver(token: string, draft: Draft) {
    const initial = this.threads.get(token)!;
    draft.state = 'sending';
    this.emitChange();
    for (let failures = 1; ; failures++) {
      try {
        const message = await this._post(token, draft);
        const loaded = this.threads.get(token) || initial; // it may have been loaded again in the meantime
        loaded.drafts = loaded.drafts.filter((d) => d !== draft);
        addMessage(loaded, message);
        break;
      } catch (err) {
        const isRefused = err instanceof ApiError && err.status < 500 && err.status !== 429;
        if (isRefused || failures === maxSendFailures) {
          draft.state = 'failed';
          draft.error = (err as Error).message;
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, retryDelay(failures - 1)));
      }
    }
    this.emitChange();
  }

  private _post(token: string, { id, content }: Draft): Promise<Message> {
    const body = { content, clientMessageId: id };
    return this.api.call('POST', path`/conversations/${token}/messages`, body);
  }

  /** reportTyping reports to the visitor that the agent types or has stopped. It limits how often. */
  reportTyping(token: string, isTyping: boolean) {
    const now = Date.now();
    const isKnown = isTyping ? now - this._typingReportedAt < typingInterval : !this._typingReportedAt;
    if (!this.isWritable || isKnown) return;
    this._typingReportedAt = isTyping ? now : 0;
    this.api.call('POST', path`/conversations/${token}/typing`, { typing: isTyping }).catch(ignore);
  }

  async patch(token: string, change: ConversationPatch) {
    const conversation = await this.api.call<Conversation>('PATCH', path`/conversations/${token}`, change);
    this._update(conversation, new Date().toISOString());
    this.emitChange();
  }

  async showClosed() {
    this.closed = (await this.api.get<ConversationPage>('/conversations?status=CLOSED&limit=50')).data;
    this.emitChange();
    this._loadPreviews(this.closed);
  }

  hideClosed() {
    this.closed = null;
    this.emitChange();
  }
}
