// The chat without its display, as the panel, the launcher and the page use it. Each part knows only those below it:
//
//   Chat
//     └─► Outbox                what the visitor writes
//           └─► VisitorSession        who the visitor is
//                 └─► CurrentConversation   the messages on the screen
//                       └─► EventStream           what happens meanwhile
import type { Attachment } from '../../../../libs/web/api';
import { Uploads, type SendFile } from '../../../../libs/web/uploads';
import type { Api, HttpError } from './api';
import { CurrentConversation } from './conversation';
import { listConversations, readConversation } from './history';
import { Outbox } from './outbox';
import type { Page } from './page';
import { ignore } from './safely';
import { VisitorSession } from './session';
import type { SavedState } from './storage';
import type { ChatMessage } from './transcript';

const navigationDelay = 500; // milliseconds from a navigation to its report: an application may set the title later

export class Chat {
  readonly uploads: Uploads; // of the message that the visitor writes
  private readonly _current: CurrentConversation;
  private readonly _session: VisitorSession;
  private readonly _outbox: Outbox;
  private _navigated: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly _api: Api,
    private readonly _page: Page,
    clientToken: string,
    readonly saved: SavedState,
    private readonly _onChange: (isOtherVisitor?: boolean) => void,
    onAgentMessage: (content: string) => void,
  ) {
    const onChange = () => _onChange();
    this.uploads = new Uploads(this._upload, onChange);
    const onMessages = (isOtherVisitor?: boolean) => {
      if (isOtherVisitor) this.uploads.clear(); // they belong to the last one
      _onChange(isOtherVisitor);
    };
    this._current = new CurrentConversation(_api, _page, saved, onMessages, onAgentMessage);
    this._session = new VisitorSession(_api, _page, clientToken, saved, this._current, onChange);
    this._outbox = new Outbox(_api, _page, saved, this._session, this._current, onChange);
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
    this._navigated = setTimeout(() => this._session.reportPage().catch(ignore), navigationDelay);
  };

  /** _sync follows what another tab has stored: another visitor or none, or another conversation. */
  private async _sync() {
    const { saved, _session, _current } = this;
    saved.refresh();
    const { visitor, thread } = saved;
    this._outbox.dropSent();
    this._onChange();
    if (!_session.visitor && _session.starting) return; // this tab's session is about to begin
    if (visitor !== _session.visitor) {
      await _session.replace();
    } else if (_session.starting && thread !== (_current.token || '')) {
      await _session.starting;
      await _current.adopt(saved.thread);
    }
  }

  /** _upload makes one attempt. If the server refuses the session, the next attempt begins with another one. */
  private readonly _upload: SendFile = async (file, onProgress, signal) => {
    await this._session.start();
    await this._session.lastUpdate;
    const { secret } = this.saved;
    try {
      return await this._api.upload(file, onProgress, signal);
    } catch (err) {
      if ((err as HttpError).status !== 401) throw err;
      if (this.saved.secret === secret) this._session.restart(); // otherwise another tab has got a newer one
      throw new Error('the session has ended');
    }
  };

  /** baseUrl is the address of the server. */
  get baseUrl() {
    return this._api.baseUrl;
  }

  get messages() {
    return this._current.messages;
  }

  get agents() {
    return this._current.agents;
  }

  get conversation() {
    return this._current.conversation;
  }

  get unreadCount(): number {
    return this._current.unreadCount;
  }

  get agentTyping() {
    return this._current.typing.isAgentTyping;
  }

  /** visitor is the token of the session, or '' without one. */
  get visitor(): string {
    const { visitor } = this._session;
    return visitor === this.saved.visitor ? visitor : '';
  }

  get agentsOnline() {
    return this._session.agentsOnline;
  }

  /** replySeconds is the usual time to a first response, or null if it isn't known. */
  get replySeconds() {
    return this._session.replySeconds;
  }

  /** isUnavailable reports whether the server refuses the chat, or the page's origin. */
  get isUnavailable() {
    return this._session.isUnavailable;
  }

  /** sendFailed reports whether the last attempt to send a message failed; it is repeated. */
  get sendFailed() {
    return this._outbox.hasFailed;
  }

  /** isVisible says whether the messages are on the screen. */
  set isVisible(isVisible: boolean) {
    this._current.isVisible = isVisible;
  }

  /** start opens the session and continues the conversation of an earlier page. */
  start(): Promise<void> {
    return this._session.start();
  }

  /** resume starts, again and again unless the server refuses the chat. */
  resume(): Promise<void> {
    return this._session.resume();
  }

  /** identify shows the visitor's name to the agents, and may say which user of the website the visitor is. */
  identify(facts: Record<string, unknown>): Promise<void> {
    return this._session.identify(facts);
  }

  /** addContext adds facts to the visitor's context. Without a session they wait for it. */
  addContext(facts: Record<string, unknown>): Promise<void> {
    return this._session.addContext(facts);
  }

  /** reset forgets the visitor, on the screen and in the storage. The next session starts a new one. */
  reset() {
    this._session.reset();
  }

  /** send shows and saves a message with uploaded files, then sends it. It reports false if the outbox is full. */
  send(content: string, files?: Attachment[]): boolean {
    return this._outbox.send(content, files);
  }

  retry(message: ChatMessage) {
    this._outbox.retry(message);
  }

  /** markRead reports the agents' messages as read if they are on the screen. */
  markRead() {
    this._current.markRead();
  }

  /** reportTyping sends to the agents whether the visitor types. */
  reportTyping(typing: boolean) {
    this._current.reportTyping(typing);
  }

  rate(rating: number, feedback: string): Promise<void> {
    return this._current.rate(rating, feedback);
  }

  /** close ends the conversation. */
  close(): Promise<void> {
    return this._current.close();
  }

  /** leaveConversation starts over after the conversation has ended. */
  leaveConversation() {
    this._current.leave();
  }

  /** continueConversation shows another open conversation in place of the current one. */
  continueConversation(token: string): Promise<void> {
    return this._current.switchTo(token);
  }

  /** listConversations returns the visitor's newest conversations. */
  async listConversations() {
    await this._session.lastUpdate; // it may replace the secret
    return listConversations(this._api);
  }

  /** readConversation returns an ended conversation, and reports its messages as read. */
  readConversation(token: string) {
    return readConversation(this._api, token);
  }

  async createTicket(title: string, email: string, description: string) {
    await this.start();
    await this._api.call('POST', '/internal/visitors/tickets', { title, description, email: email || undefined });
  }
}
