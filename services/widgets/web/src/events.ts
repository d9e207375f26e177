// The visitor's events. The tabs of a browser share one stream; each resumes it after the last event that it has seen.
import { retryDelay, type Frame } from '../../../../libs/web/sse';
import type { Api } from './api';
import type { Page } from './page';
import { refresh, type Lead } from './share';
import type { SavedState } from './storage';

export class EventStream {
  isOpen = false;
  private _lastId = '';

  /** isWanted says whether the stream continues. receive gets each event. */
  constructor(
    private readonly _api: Api,
    private readonly _page: Page,
    private readonly _saved: SavedState,
    private readonly _isWanted: () => boolean,
    private readonly _receive: (frame: Frame) => void,
  ) {}

  /** open follows the events for as long as they are wanted. It does nothing if it does so already. */
  async open() {
    if (this.isOpen || !this._isWanted()) return;
    this.isOpen = true;
    while (this._isWanted()) {
      const name = 'fivechat:' + this._saved.visitor;
      await this._page.share(name, this._api.signal, this._lead, this._take);
    }
    this.isOpen = false;
    this.forget(); // the events up to now were about no conversation of the screen
  }

  /** forget makes the next stream begin without a position: it can't resume, so that the news are read. */
  forget() {
    this._lastId = '';
  }

  private readonly _take = (frame: Frame) => {
    if (frame.id) this._lastId = frame.id;
    this._receive(frame);
  };

  private readonly _lead: Lead = async (relay, ended) => {
    for (let failures = 0; this._isWanted() && !ended.aborted;) {
      try {
        await this._api.stream(this._lastId, ended, (frame) => {
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
}
