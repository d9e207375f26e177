// Requests to the server that the script was loaded from, in the visitor's name.
import { anonymous, stream, type Frame } from '../../../../libs/web/sse';
import type { SavedState } from './storage';

/** HttpError is a response of the server with a status outside 2xx. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    path: string,
  ) {
    super(path + ': status ' + status);
  }
}

const requestTimeout = 20_000; // milliseconds

export class Api {
  constructor(
    private readonly _baseUrl: string,
    private readonly _saved: SavedState,
  ) {}

  private _headers(others: Record<string, string> = {}): Record<string, string> {
    const { visitor, secret } = this._saved;
    return { ...others, ...(visitor && { 'x-visitor-id': visitor }), ...(secret && { 'x-visitor-secret': secret }) };
  }

  /** call sends a request and returns the JSON of the response, or null for 204. It throws HttpError if refused. */
  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), requestTimeout);
    try {
      const response = await fetch(this._baseUrl + path, {
        method,
        headers: this._headers(body ? { 'content-type': 'application/json' } : {}),
        body: body ? JSON.stringify(body) : undefined,
        ...anonymous,
        signal: abort.signal,
      });
      if (!response.ok) throw new HttpError(response.status, path);
      return (response.status === 204 ? null : await response.json()) as T;
    } finally {
      clearTimeout(timer);
    }
  }

  /** stream calls onEvent for the visitor's events after lastEventId, until the stream ends. */
  stream(lastEventId: string, onEvent: (frame: Frame) => void): Promise<void> {
    const forever = new AbortController().signal;
    return stream(
      this._baseUrl + '/visitor/events',
      { headers: this._headers(), ...anonymous },
      lastEventId,
      forever,
      onEvent,
    );
  }
}
