// Requests to the server that the script was loaded from, in the visitor's name.
import { anonymous, stream, type Frame } from '../../../../libs/web/sse';
import type { Attachment } from '../../../../libs/web/api';
import { postFile } from '../../../../libs/web/postfile';
import type { SavedState } from './storage';
import { wellFormed } from './text';

/** HttpError is a response of the server with a status outside 2xx. */
export type HttpError = Error & { status: number };

export const httpError = (status: number, path: string, code = ''): HttpError =>
  Object.assign(new Error(path + ': ' + status + code), { status });

/** isRefused reports whether the server will refuse a request however often it is repeated. */
export const isRefused = (status: number) => status >= 400 && status < 500 && status !== 408 && status !== 429;

const requestTimeout = 20_000; // milliseconds

export class Api {
  private _visit = new AbortController(); // ends when the visitor changes

  constructor(
    readonly baseUrl: string,
    private readonly _saved: SavedState,
  ) {}

  private _headers(): Record<string, string> {
    const { visitor, secret } = this._saved;
    return { ...(visitor && { 'x-visitor-id': visitor }), ...(secret && { 'x-visitor-secret': secret }) };
  }

  /** forget ends the stream of the last visitor, and makes their requests fail that are in progress. */
  forget() {
    this._visit.abort();
    this._visit = new AbortController();
  }

  /** call sends a request and returns the JSON of the response, or null for 204. It throws an HttpError if refused. */
  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const visit = this._visit;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), requestTimeout);
    try {
      const response = await fetch(this.baseUrl + path, {
        method,
        headers: { ...(!!body && { 'content-type': 'application/json' }), ...this._headers() },
        body: JSON.stringify(body),
        ...anonymous,
        signal: abort.signal,
      });
      if (!response.ok) {
        // The code is the reason, for the developer of the page: for example identity_required.
        const { code } = await response.json().catch(() => ({}));
        throw httpError(response.status, path, code && ' ' + code);
      }
      const result = response.status === 204 ? null : await response.json();
      if (visit !== this._visit) throw new Error('reset');
      return result as T;
    } finally {
      clearTimeout(timer);
    }
  }

  /** upload makes one attempt to send a file. It throws an HttpError with the code of the problem if refused. */
  async upload(file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<Attachment> {
    const path = '/visitor/files';
    const url = `${this.baseUrl}${path}?name=${encodeURIComponent(wellFormed(file.name))}`;
    const { status, body } = await postFile(url, this._headers(), file, onProgress, signal);
    if (status !== 201) throw Object.assign(httpError(status, path), { code: (body as { code?: string }).code });
    return body as Attachment;
  }

  /**
   * isReachable reports whether the server delivers the script although another request to it failed: then it is the
   * browser that refuses, since the server doesn't allow the page's origin (CORS).
   */
  isReachable(clientToken: string): Promise<boolean> {
    return fetch(`${this.baseUrl}/widget/${clientToken}`, { cache: 'no-store', ...anonymous }).then(
      (response) => response.ok,
      () => false,
    );
  }

  /** signal is aborted when the visitor changes. */
  get signal(): AbortSignal {
    return this._visit.signal;
  }

  /** stream calls onEvent for the visitor's events after lastEventId, until the stream ends or is aborted. */
  stream(lastEventId: string, signal: AbortSignal, onEvent: (frame: Frame) => void): Promise<void> {
    const init = { headers: this._headers(), ...anonymous };
    return stream(this.baseUrl + '/visitor/events', init, lastEventId, signal, onEvent);
  }
}
