// Calls to the API in the name of a token. The token lives in memory and, until the tab closes, in the session's storage.
import { stream, type Frame } from '../../../libs/web/sse';

/** Refusal is an answer of the server that is no success. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** path makes a path of the API: each value becomes one segment. */
export function path(text: TemplateStringsArray, ...values: (string | number)[]): string {
  return String.raw({ raw: text }, ...values.map(encodeURIComponent));
}

const patience = 20_000; // milliseconds

export class Api {
  constructor(private readonly token: string) {}

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(path, {
      method,
      headers: {
        authorization: 'Bearer ' + this.token,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'omit',
      signal: AbortSignal.timeout(patience),
    });
    if (answer.ok) return (answer.status === 204 ? null : await answer.json()) as T;
    const problem = await answer.json().catch(() => ({}));
    throw new Refusal(answer.status, problem.code || '', problem.detail || answer.statusText);
  }

  get<T>(path: string): Promise<T> {
    return this.call<T>('GET', path);
  }

  /** whole reads a conversation or a ticket with all its messages, which come in parts if they are many bytes. */
  async whole<T extends { messages: { id: string | number }[]; hasMore?: boolean }>(path: string): Promise<T> {
    const all = await this.get<T>(path);
    for (let more = all.hasMore; more;) {
      const part = await this.get<T>(`${path}?after=${all.messages[all.messages.length - 1]!.id}`);
      all.messages.push(...part.messages);
      more = part.hasMore;
    }
    return all;
  }

  stream(after: string, stop: AbortSignal, heard: (f: Frame) => void): Promise<void> {
    return stream('/events', { authorization: 'Bearer ' + this.token }, after, stop, heard);
  }
}
