// Calls to the server that the script was loaded from.

/** Refusal is an answer of the server that is no success. */
export class Refusal extends Error {
  constructor(readonly status: number, what: string) {
    super(what + ' answered ' + status);
  }
}

const patience = 20_000; // milliseconds for an answer
const silence = 45_000; // milliseconds without a byte after which a stream is given up: the server gives signs of life every 15 s

export interface Frame {
  id: string;
  event: string;
  data: any;
}

export class Api {
  visitor = '';

  constructor(private readonly base: string) {}

  private headers(more: Record<string, string> = {}): Record<string, string> {
    return this.visitor ? { ...more, 'x-visitor-id': this.visitor } : more;
  }

  async call(method: string, path: string, body?: unknown): Promise<any> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), patience);
    try {
      const answer = await fetch(this.base + path, {
        method,
        headers: this.headers(body ? { 'content-type': 'application/json' } : {}),
        body: body ? JSON.stringify(body) : undefined,
        credentials: 'omit',
        signal: abort.signal,
      });
      if (!answer.ok) throw new Refusal(answer.status, path);
      return answer.status === 204 ? null : await answer.json();
    } finally {
      clearTimeout(timer);
    }
  }

  /** stream hands on events behind the one of an id, until the stream ends. EventSource cannot send the header that says who reads. */
  async stream(after: string, stop: AbortSignal, heard: (f: Frame) => void): Promise<void> {
    const abort = new AbortController();
    stop.addEventListener('abort', () => abort.abort());
    let timer = 0;
    const alive = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => abort.abort(), silence);
    };
    alive();
    try {
      const answer = await fetch(this.base + '/visitor/events', {
        headers: this.headers(after ? { 'last-event-id': after } : {}),
        credentials: 'omit',
        cache: 'no-store',
        signal: abort.signal,
      });
      if (!answer.ok || !answer.body) throw new Refusal(answer.status, 'events');
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      for (let text = ''; ; ) {
        const { done, value } = await reader.read();
        if (done) return;
        alive();
        text += decoder.decode(value, { stream: true });
        const frames = text.split('\n\n');
        text = frames.pop()!;
        for (const frame of frames) {
          const f: Frame = { id: '', event: '', data: null };
          for (const line of frame.split('\n')) {
            if (line.startsWith('id: ')) f.id = line.slice(4);
            if (line.startsWith('event: ')) f.event = line.slice(7);
            if (line.startsWith('data: ')) f.data = JSON.parse(line.slice(6));
          }
          if (f.event) heard(f);
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
