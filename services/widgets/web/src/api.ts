// Calls to the server that the script was loaded from.
import { anonymous, stream, type Frame } from '../../../../libs/web/sse';
import type { Memory } from './memory';

/** Refusal is an answer of the server that is no success. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    what: string,
  ) {
    super(what + ' answered ' + status);
  }
}

const patience = 20_000; // milliseconds for an answer
export class Api {
  constructor(
    private readonly base: string,
    private readonly memory: Memory,
  ) {}

  private headers(more: Record<string, string> = {}): Record<string, string> {
    const { visitor, secret } = this.memory;
    return { ...more, ...(visitor && { 'x-visitor-id': visitor }), ...(secret && { 'x-visitor-secret': secret }) };
  }

  async call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), patience);
    try {
      const answer = await fetch(this.base + path, {
        method,
        headers: this.headers(body ? { 'content-type': 'application/json' } : {}),
        body: body ? JSON.stringify(body) : undefined,
        ...anonymous,
        signal: abort.signal,
      });
      if (!answer.ok) throw new Refusal(answer.status, path);
      return (answer.status === 204 ? null : await answer.json()) as T;
    } finally {
      clearTimeout(timer);
    }
  }

  /** stream hands on events behind the one of an id, until the stream ends. */
  stream(after: string, stop: AbortSignal, heard: (f: Frame) => void): Promise<void> {
    return stream(this.base + '/visitor/events', this.headers(), after, stop, heard);
  }
}
