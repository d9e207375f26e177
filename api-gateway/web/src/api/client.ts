// Requests to the API with the session of a signed-in person. The browser keeps it in a cookie.
import { postFile } from '../../../../libs/web/postfile';
import { stream, type Frame } from '../../../../libs/web/sse';
import type { Attachment, FieldProblem } from '../../../../libs/web/api';

/** ApiError is a response of the server with a status outside 2xx. Its message is for the agent. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly fields: readonly FieldProblem[] = [],
    /** existing is the token of the object that the request would repeat, or ''. */
    readonly existing = '',
  ) {
    super(detail);
  }
}

/** Problem is the body of a refusal, if it is the server's. */
type Problem = Partial<{ code: string; detail: string; errors: readonly FieldProblem[]; existing: string }>;

const errorOf = (status: number, { code = '', detail, errors, existing }: Problem, statusText = '') =>
  new ApiError(status, code, detail || statusText, errors, existing);

/** path builds a path of the API. Each value becomes one segment, whatever characters it has. */
export function path(text: TemplateStringsArray, ...values: (string | number)[]): string {
  return String.raw({ raw: text }, ...values.map(encodeURIComponent));
}

/** query builds the query of a path from the values that aren't empty. */
export function query(values: Record<string, string | number | boolean | null | undefined>): string {
  const set = Object.entries(values).filter(([, v]) => v !== '' && v !== null && v !== undefined && v !== false);
  const text = new URLSearchParams(set.map(([name, v]) => [name, String(v)])).toString();
  return text && '?' + text;
}

interface HasMessages {
  messages: { id: string | number }[];
  hasMore?: boolean;
}

/** CallOptions are the options of a request. */
export interface CallOptions {
  signal?: AbortSignal;
  /** key makes a change safe to send again: the server stores it once (Idempotency-Key). */
  key?: string;
  /** tag is the ETag of the state that is changed. If there is a newer one, the server refuses with 412 (If-Match). */
  tag?: string;
  /** isFresh reads past the browser's cache. */
  isFresh?: boolean;
  /** accept is the media type of the response. */
  accept?: string;
  /** timeout is after how many milliseconds the request fails. */
  timeout?: number;
}

/** Tagged is the value of a response, with its ETag. */
export interface Tagged<T> {
  value: T;
  tag: string;
}

const requestTimeout = 20_000; // milliseconds
const fileTimeout = 300_000; // milliseconds: files have up to 10 MiB

const isWrongProof = (code: string) => code === 'credentials_invalid' || code === 'code_invalid';

/** hasEnded reports whether an error means that the person has signed out or isn't a member of the website any more. */
export const hasEnded = (err: unknown) =>
  err instanceof ApiError && ((err.status === 401 && !isWrongProof(err.code)) || err.code === 'not_a_member');

/** isRefused reports whether the server won't accept a request however often it is sent. */
export function isRefused(err: unknown): boolean {
  return err instanceof ApiError && err.status < 500 && err.status !== 429;
}

/** Api sends the requests of one person, in one website. */
export class Api {
  /** onEnd is called when the session has ended, or the person isn't a member of the website any more. */
  onEnd: () => void = () => {};

  /** onConfirm is called when an operation needs a new proof of the person. It returns whether there is one. */
  onConfirm: () => Promise<boolean> = async () => false;

  /** Without a website, only the operations of persons can be called. */
  constructor(private readonly websiteId = 0) {}

  private get headers(): Record<string, string> {
    return this.websiteId ? { 'x-website-id': String(this.websiteId) } : {};
  }

  /** call sends a request and returns the JSON of the response, or null for 204. It throws ApiError if refused. */
  async call<T>(method: string, path: string, body?: unknown, options?: CallOptions): Promise<T> {
    return (await this.callTagged<T>(method, path, body, options)).value;
  }

  /** callTagged is call, with the ETag of the response. */
  async callTagged<T>(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Tagged<T>> {
    const response = await this.send(method, path, body, options);
    const value = (response.status === 204 ? null : await response.json()) as T;
    return { value, tag: response.headers.get('etag') ?? '' };
  }

  /** text returns the text of the response to a GET. */
  async text(path: string, signal?: AbortSignal): Promise<string> {
    return (await this.send('GET', path, undefined, { signal })).text();
  }

  /** file returns the bytes of a response that is a file, of the media type accept if there is more than one. */
  async file(path: string, accept = '*/*'): Promise<Blob> {
    return (await this.send('GET', path, undefined, { timeout: fileTimeout, accept })).blob();
  }

  /** upload makes one attempt to send a file. */
  async upload(file: File, onProgress: (part: number) => void, signal: AbortSignal): Promise<Attachment> {
    const { status, body } = await postFile(
      '/files' + query({ name: file.name }),
      this.headers,
      file,
      onProgress,
      signal,
    );
    if (status === 201) return body as Attachment;
    const err = errorOf(status, body as Problem);
    if (hasEnded(err)) this.onEnd();
    throw err;
  }

  /** send sends a request. It throws ApiError if the server refuses it. */
  private async send(method: string, path: string, body: unknown, options: CallOptions): Promise<Response> {
    const { signal, key, tag, isFresh, accept } = options;
    const hasBody = body !== undefined;
    const timeout = AbortSignal.timeout(options.timeout ?? requestTimeout);
    const response = await fetch(path, {
      method,
      headers: {
        ...this.headers,
        ...(hasBody && { 'content-type': 'application/json' }),
        ...(key && { 'idempotency-key': key }),
        ...(tag && { 'if-match': tag }),
        ...(accept && { accept }),
      },
      body: hasBody ? JSON.stringify(body) : undefined,
      credentials: 'same-origin',
      ...(isFresh && { cache: 'reload' as const }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    if (response.ok) return response;
    const err = errorOf(response.status, await response.json().catch(() => ({})), response.statusText);
    if (err.code === 'confirmation_required' && (await this.onConfirm())) {
      return this.send(method, path, body, options);
    }
    if (hasEnded(err)) this.onEnd();
    throw err;
  }

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.call<T>('GET', path, undefined, { signal });
  }

  /** getWithMessages reads a conversation or a ticket with all its messages. Long ones come in several parts. */
  async getWithMessages<T extends HasMessages>(path: string, signal?: AbortSignal): Promise<T> {
    const whole = await this.get<T>(path, signal);
    for (let part = whole; part.hasMore && part.messages.length;) {
      part = await this.get<T>(`${path}?after=${part.messages.at(-1)!.id}`, signal);
      whole.messages.push(...part.messages);
    }
    return whole;
  }

  /** stream calls onEvent for the website's events after lastEventId, until the stream ends. */
  async stream(lastEventId: string, signal: AbortSignal, onEvent: (frame: Frame) => void): Promise<void> {
    try {
      await stream('/events', { headers: this.headers, credentials: 'same-origin' }, lastEventId, signal, onEvent);
    } catch (err) {
      // The stream doesn't tell why it was refused. This request does.
      if (!signal.aborted) await this.get('/website').catch(() => {});
      throw err;
    }
  }
}
