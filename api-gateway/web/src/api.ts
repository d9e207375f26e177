// Requests to the API with a token. The token is kept in memory and, until the tab closes, in the session storage.
import { stream, type Frame } from '../../../libs/web/sse';

/** ApiError is a response of the server with a status outside 2xx. Its message is for the agent. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** path builds a path of the API. Each value becomes one segment, whatever characters it has. */
export function path(text: TemplateStringsArray, ...values: (string | number)[]): string {
  return String.raw({ raw: text }, ...values.map(encodeURIComponent));
}

interface HasMessages {
  messages: { id: string | number }[];
  hasMore?: boolean;
}

const requestTimeout = 20_000; // milliseconds

export class Api {
  constructor(private readonly _token: string) {}

  /** call sends a request and returns the JSON of the response, or null for 204. It throws ApiError if refused. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const hasBody = body !== undefined;
    const response = await fetch(path, {
      method,
      headers: { authorization: 'Bearer ' + this._token, ...(hasBody && { 'content-type': 'application/json' }) },
      body: hasBody ? JSON.stringify(body) : undefined,
      credentials: 'omit',
      signal: AbortSignal.timeout(requestTimeout),
    });
    if (response.ok) return (response.status === 204 ? null : await response.json()) as T;
    const problem = await response.json().catch(() => ({}));
    throw new ApiError(response.status, problem.code || '', problem.detail || response.statusText);
  }

  get<T>(path: string): Promise<T> {
    return this.call<T>('GET', path);
  }

  /** getWithMessages reads a conversation or a ticket with all its messages. Long ones come in several parts. */
  async getWithMessages<T extends HasMessages>(path: string): Promise<T> {
    const whole = await this.get<T>(path);
    for (let part = whole; part.hasMore && part.messages.length;) {
      part = await this.get<T>(`${path}?after=${part.messages.at(-1)!.id}`);
      whole.messages.push(...part.messages);
    }
    return whole;
  }

  /** stream calls onEvent for the website's events after lastEventId, until the stream ends. */
  stream(lastEventId: string, signal: AbortSignal, onEvent: (frame: Frame) => void): Promise<void> {
    return stream('/events', { authorization: 'Bearer ' + this._token }, lastEventId, signal, onEvent);
  }
}
