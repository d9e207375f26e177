// The messages of the conversation on the screen, as the server has them.
//
// Invariant: all messages up to _readTo are taken. Each later one arrives as an event, or a read is due (_isBehind).
//
//   event ─► is shown at once. It says nothing of the messages before it: _readTo stays
//   read  ─► pages after _readTo, up to the last one ─► _readTo
//   lost stream, failed read ─► _isBehind ─► read, repeated until it succeeds
import { retryDelay } from '../../../../libs/web/sse';
import type { News } from '../../../../libs/web/api';
import { isRefused, type HttpError } from './api';

export class NewsReader {
  private _readTo = 0; // the id of a message
  private _thread = {}; // is another one after each restart
  private _isBehind?: boolean;
  private _catchingUp: Promise<void> | undefined;

  /**
   * get requests a page of the messages after an id. It returns null if there is no conversation. seek looks for a later
   * conversation, which may have been opened while events were missing.
   */
  constructor(
    private readonly _get: (after: number) => Promise<News | null>,
    private readonly _take: (news: News) => void,
    private readonly _seek: () => Promise<void>,
    private readonly _sleep: (milliseconds: number) => Promise<void>,
  ) {}

  /** restart begins with another conversation, or with none. Responses about the last one aren't taken. */
  restart() {
    this._thread = {};
    this._readTo = 0;
  }

  /** read takes all messages after those that were read. It throws an HttpError if the server refuses a page. */
  async read() {
    const { _thread } = this;
    for (let hasMore = true; hasMore;) {
      const news = await this._get(this._readTo);
      if (!news || _thread !== this._thread) return;
      const last = news.messages[news.messages.length - 1];
      // Two reads may overlap: each page begins where all messages were taken.
      if (last) this._readTo = Math.max(this._readTo, last.id);
      this._take(news);
      hasMore = news.hasMore && !!last;
    }
  }

  /** catchUp reads again and again until it succeeds, or the server refuses it for good. Calls share the attempts. */
  catchUp(): Promise<void> {
    this._isBehind = true; // a read that has begun may not know what this call is about
    return (this._catchingUp ||= this._repeat());
  }

  private async _repeat() {
    for (let failures = 0; this._isBehind;) {
      this._isBehind = false;
      try {
        await this.read();
        await this._seek();
      } catch (err) {
        const { status } = err as HttpError;
        if (isRefused(status) && status !== 401) continue; // after 401, another tab may have replaced the secret
        this._isBehind = true;
        await this._sleep(retryDelay(failures++));
      }
    }
    this._catchingUp = undefined;
  }
}
