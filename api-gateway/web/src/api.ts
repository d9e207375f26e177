// Requests to the API with the session of a signed-in person. The browser keeps it in a cookie.
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

const isWrongProof = (code: string) => code === 'credentials_invalid' || code === 'code_invalid';

/** hasEnded reports whether an error means that the person has signed out or isn't a member of the website any more. */
export const hasEnded = (err: unknown) =>
  err instanceof ApiError && ((err.status === 401 && !isWrongProof(err.code)) || err.code === 'not_a_member');

export class Api {
  /** onEnd is called when the session has ended, or the person isn't a member of the website any more. */
  onEnd: () => void = () => {};

  /** onConfirm is called when an operation needs a new proof of the person. It returns whether there is one. */
  onConfirm: () => Promise<boolean> = async () => false;

  /** Without a website, only the operations of persons can be called. */
  constructor(private readonly _websiteId = 0) {}

  private get _headers(): Record<string, string> {
    return this._websiteId ? { 'x-website-id': String(this._websiteId) } : {};
  }

  /** call sends a request and returns the JSON of the response, or null for 204. It throws ApiError if refused. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const hasBody = body !== undefined;
    const response = await fetch(path, {
      method,
      headers: { ...this._headers, ...(hasBody && { 'content-type': 'application/json' }) },
      body: hasBody ? JSON.stringify(body) : undefined,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(requestTimeout),
    });
    if (response.ok) return (response.status === 204 ? null : await response.json()) as T;
    const problem = await response.json().catch(() => ({}));
    const err = new ApiError(response.status, problem.code || '', problem.detail || response.statusText);
    if (err.code === 'confirmation_required' && (await this.onConfirm())) return this.call<T>(method, path, body);
    if (hasEnded(err)) this.onEnd();
    throw err;
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
  async stream(lastEventId: string, signal: AbortSignal, onEvent: (frame: Frame) => void): Promise<void> {
    try {
      await stream('/events', { headers: this._headers, credentials: 'same-origin' }, lastEventId, signal, onEvent);
    } catch (err) {
      // The stream doesn't tell why it was refused. This request does.
      if (!signal.aborted) await this.get('/website').catch(() => {});
      throw err;
    }
  }
}
