// What the visitor writes. A message is stored in the browser first, and sent until the server has it or refuses it.
//
//   send ─► draft in the browser ─► session ─► POST message, repeated ─► stored message
import { retryDelay } from '../../../../libs/web/sse';
import type { Attachment, Message, OpenedConversation } from '../../../../libs/web/api';
import { isRefused, type Api, type HttpError } from './api';
import type { CurrentConversation } from './conversation';
import type { Page } from './page';
import type { VisitorSession } from './session';
import type { Draft, SavedState } from './storage';
import { wellFormed } from './text';
import { acknowledgeDraft, addDraft, type ChatMessage } from './transcript';

export const maxMessageBytes = 64 << 10;

/**
 * opening stands for a conversation in a draft that has been sent to open one. The server may have stored the message:
 * only another attempt to open recognises it. The visitor may see another conversation meanwhile.
 */
const opening = 'new';

const newDraftId = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('-');

const bodyOf = ({ id, content, files }: Draft) => ({
  content,
  clientMessageId: id,
  ...(files && { attachments: files.map((file) => file.id) }), // a server of the version before knows none
});

export class Outbox {
  hasFailed?: boolean; // the last attempt to send a message; it is repeated
  private _isSending?: boolean;
  private _sending = ''; // the id of the draft
  private _failures = 0;

  constructor(
    private readonly _api: Api,
    private readonly _page: Page,
    private readonly _saved: SavedState,
    private readonly _session: VisitorSession,
    private readonly _current: CurrentConversation,
    private readonly _onChange: () => void,
  ) {
    _session.onOpened = () => this._show(_saved.outbox);
  }

  /** send shows and saves a message with uploaded files, then sends it. It reports false if the outbox is full. */
  send(content: string, files: Attachment[] = []): boolean {
    const draft: Draft = { id: newDraftId(), content: wellFormed(content), ...(files.length && { files }) };
    if (!this._saved.addDraft(draft)) return false;
    this._current.typing.endReport();
    // Without a session, the drafts of an earlier page may not be there yet. They go first.
    this._show(this._session.visitor ? [draft] : this._saved.outbox);
    return true;
  }

  private _show(drafts: Draft[]) {
    for (const d of drafts) addDraft(this._current.messages, d);
    this._onChange();
    this._flush();
  }

  /** retry sends a message that the server has refused. */
  retry(message: ChatMessage) {
    message.state = 'sending';
    this._failures = 0;
    this._onChange();
    this._flush();
  }

  /** dropSent removes the drafts that another tab has sent, or has removed with their visitor. */
  dropSent() {
    const { outbox } = this._saved;
    this._current.removeMessages(
      ({ id, key }) => !id && key !== this._sending && outbox.every((draft) => draft.id !== key),
    );
  }

  /** _flush sends the drafts one after the other, until each is stored or refused. */
  private async _flush() {
    if (this._isSending) return;
    this._isSending = true;
    this._current.hold();
    for (let next = this._nextDraft(); next; next = this._nextDraft()) {
      this._sending = next[0].id;
      await this._send(...next);
      this._onChange();
    }
    this._isSending = false;
    this._sending = '';
    this.dropSent();
    this._onChange();
    this._current.release();
  }

  private _nextDraft(): [Draft, ChatMessage] | undefined {
    for (const draft of this._saved.outbox) {
      const message = this._current.messages.find((m) => m.key === draft.id && m.state === 'sending');
      if (message) return [draft, message];
    }
    return undefined;
  }

  /** _send makes one attempt. If another one may succeed, it returns when that is due. */
  private async _send({ id }: Draft, message: ChatMessage) {
    let draft: Draft | undefined;
    let secret = '';
    try {
      await this._session.start();
      await this._session.lastUpdate;
      draft = this._saved.outbox.find((d) => d.id === id);
      if (!draft) {
        this._current.removeMessages((m) => m === message); // it went with its visitor, or another tab has sent it
        return;
      }
      secret = this._saved.secret;
      const stored = await this._deliver(draft);
      this._failures = 0;
      this.hasFailed = this._session.isUnavailable = false;
      this._saved.removeDraft(draft.id);
      if (!draft.to || draft.to === this._current.token) acknowledgeDraft(this._current.messages, message, stored);
      else await this._showElsewhere(message, draft.to);
    } catch (err) {
      const { status } = err as HttpError;
      if (status === 401 && this._saved.secret !== secret) return; // another tab has got a newer one
      this._handleError(draft, message, status);
      if (message.state !== 'sending') return;
      this.hasFailed = true;
      this._onChange();
      await this._page.sleep(retryDelay(this._failures++));
    }
  }

  /** _showElsewhere removes a message that belongs to a conversation which isn't on the screen, or shows that one. */
  private async _showElsewhere(message: ChatMessage, token: string) {
    this._current.removeMessages((m) => m === message);
    if (!this._current.conversation) await this._current.switchTo(token);
  }

  private _handleError(draft: Draft | undefined, message: ChatMessage, status: number) {
    if (status === 401) {
      // The next attempt begins with a session. If the server doesn't know the visitor any more, it makes a new one.
      this._session.restart();
    } else if (status === 404) {
      if (!draft || draft.to === this._current.token) this._current.leave();
      if (draft) this._saved.bindDraft(draft, '');
    } else if (isRefused(status)) {
      message.state = 'failed';
      this._session.isUnavailable = status === 403; // the website's team has blocked the visitor
    }
  }

  private async _deliver(draft: Draft): Promise<Message> {
    const to = draft.to || this._current.token || opening;
    this._saved.bindDraft(draft, to);
    if (to !== opening) {
      return this._api.call('POST', `/visitor/conversations/${to}/messages`, bodyOf(draft));
    }
    const { conversation, message } = await this._open(draft);
    this._saved.bindDraft(draft, conversation.token);
    if (!this._current.conversation) this._current.begin(conversation);
    return message;
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
}
