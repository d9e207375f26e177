// The visitor's session: who the visitor is for the server, and what the page says about them.
//
//   start, identify ─► one request after the other ─► credentials, kept for all tabs ─► the visitor's conversation
import { retryDelay } from '../../../../libs/web/sse';
import type { AgentPresence, Session } from '../../../../libs/web/api';
import { isRefused, type Api, type HttpError } from './api';
import type { CurrentConversation } from './conversation';
import type { Page } from './page';
import { ignore, warn } from './safely';
import type { SavedState } from './storage';
import { cut, fitting } from './text';

const heartbeatInterval = 30_000; // milliseconds; the server counts a visitor as offline after 60 s
const maxNameLength = 100; // characters
const maxContextBytes = 8 << 10; // the server takes 16 KB, with the facts of the page

/** VisitorData is what a session says about the visitor. */
export interface VisitorData {
  name?: string | undefined;
  context?: object | undefined;
  identity?: object | undefined; // which user of the website the visitor is
}

export class VisitorSession {
  visitor = ''; // the token of this page's session; '' without one
  agentsOnline = true;
  replySeconds: number | null = null; // the usual time to a first response
  isUnavailable?: boolean; // the server refuses the chat, or the page's origin
  lastUpdate: Promise<void> = Promise.resolve(); // it may replace the secret, or the visitor
  onOpened = () => {}; // called before a session shows the visitor's conversation

  private _starting?: Promise<void> | null;
  private _heartbeat: ReturnType<typeof setInterval> | undefined;
  private _turn?: object | undefined; // of resume
  private _ends = 0;
  private _reportedPage = '';
  private _visitorId = 0;
  private _begun = ''; // the last conversation that an agent has begun, as the server said
  private _unsaid: VisitorData = {};

  constructor(
    private readonly _api: Api,
    private readonly _page: Page,
    private readonly _clientToken: string,
    private readonly _saved: SavedState,
    private readonly _current: CurrentConversation,
    private readonly _onChange: () => void,
  ) {}

  /** starting is the attempt that has begun or succeeded, if any. */
  get starting() {
    return this._starting;
  }

  /**
   * resume starts, again and again unless the server refuses the chat. A refusal without a status is a guess: a
   * connection that breaks once looks the same.
   */
  async resume() {
    const turn = (this._turn = {}); // another call, or the end of the visit, ends this one
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

  /** restart lets the next start open another session. */
  restart() {
    this._starting = null;
  }

  /** _explain reports to the developer of the page why there is no session, unless the network is down. */
  private async _explain(err: Partial<HttpError>) {
    const { status } = err;
    if (!status && !(err instanceof TypeError)) return; // it took too long, or the visit has ended
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
    await this._update({ ...first, context: { ...page, ...first.context } });
    this._unsaid = {};
    this._reportedPage = JSON.stringify(page);
    this.onOpened();
    await this._current.follow();
    if (!this._heartbeat) this._heartbeat = setInterval(() => this._beat(), heartbeatInterval);
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
      const updated = this._update(data); // follows the session that has begun, even if that is refused
      await Promise.allSettled([begun, updated]);
      await updated;
      await this.start();
    } else {
      await this.start(data);
    }
    if (!this._current.isFollowed) await this._current.follow(); // it is another person
  }

  /** addContext adds facts to the visitor's context. Without a session they wait for it. */
  async addContext(facts: Record<string, unknown>) {
    const context = fitting(facts, maxContextBytes);
    if (this._starting) return this._update({ context });
    this._unsaid = { ...this._unsaid, context: { ...this._unsaid.context, ...context } };
  }

  /** reportPage shows the agents the page that the visitor is on, if it is another one than before. */
  async reportPage() {
    const context = this._page.context();
    if (!this._current.isFollowed || JSON.stringify(context) === this._reportedPage) return;
    await this._update({ context });
    this._reportedPage = JSON.stringify(context);
  }

  /** reset forgets the visitor, on the screen and in the storage. The next session starts a new one. */
  reset() {
    this._unsaid = {};
    this._end();
    this._forget();
  }

  /** replace begins the visit that another tab has stored, if any, in place of this one. */
  async replace() {
    this._end();
    if (this.visitor) this._clear();
    this.visitor = '';
    if (this._saved.visitor) await this.resume();
  }

  /** _end makes this visit's sessions fail. The next start begins another visit. */
  private _end() {
    this._ends++;
    this._turn = undefined;
    this._starting = null;
  }

  private _forget() {
    this._saved.forget();
    this._clear();
  }

  /** _clear removes the visitor from the screen. */
  private _clear() {
    this._saved.text = '';
    this._api.forget();
    this._visitorId = 0;
    this._current.clear();
  }

  /** _update sends the visitor's data to the server. Calls run one after the other, so that the last one counts. */
  private _update(data: VisitorData): Promise<void> {
    const ends = this._ends;
    const updated = this.lastUpdate.then(() => {
      if (ends !== this._ends) throw new Error('reset');
      return this._post(data);
    });
    this.lastUpdate = updated.catch(ignore);
    return updated;
  }

  /** _post lets one tab after the other begin, as long as there is no visitor: each would create one. */
  private _post(data: VisitorData): Promise<void> {
    if (this._saved.visitor) return this._exchange(data);
    return this._page.alone(() => {
      this._saved.refresh();
      return this._exchange(data);
    });
  }

  private async _exchange(data: VisitorData) {
    const { visitor, secret } = this._saved;
    const { token } = this._current;
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
    if (session.visitorToken !== visitor && this._saved.visitor === visitor && this._saved.secret !== secret) {
      // Another page of the website has stored a secret in the meantime.
      session = await post(this._saved.secret);
    }
    const isCurrent = token === this._current.token; // else the response doesn't know of the conversation
    this._replace(session, visitor, !!data.identity);
    this._take(session);
    if (isCurrent && session.conversation) this._current.join(session.conversation);
    this._onChange();
  }

  /** _replace removes from the screen what the session's visitor may not see, if it is another one than before. */
  private _replace({ visitor, visitorToken }: Session, lastToken: string, isIdentified: boolean) {
    const isOther = this._visitorId ? visitor.id !== this._visitorId : !!lastToken && visitorToken !== lastToken;
    if (!isOther) return;
    if (isIdentified) {
      this._forget(); // another person
      return;
    }
    this._current.leave(); // the server doesn't know the visitor any more
    for (const draft of this._saved.outbox) this._saved.bindDraft(draft, '');
  }

  private _take(session: Session) {
    this._visitorId = session.visitor.id;
    this._saved.setCredentials(session.visitorToken, session.visitorSecret || this._saved.secret);
    this.visitor = session.visitorToken;
    this.agentsOnline = session.agentsOnline;
    this.replySeconds = session.replySeconds ?? null; // a server of the version before doesn't say
    this.isUnavailable = !!session.visitor.blockedAt;
    this._begun = session.agentConversation || '';
  }

  private async _beat() {
    if (this._page.isHidden() || !this._saved.visitor) return;
    try {
      const beat = await this._api.call<AgentPresence>('POST', '/visitor/heartbeat');
      this.agentsOnline = beat.agentsOnline;
      this._onChange();
      // A server of the version before doesn't say what agents have begun.
      const begun = beat.agentConversation || this._begun;
      if (![this._begun, this._current.token].includes(begun)) await this._update({});
    } catch {
      // The next heartbeat follows.
    }
  }
}
