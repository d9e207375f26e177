// Server-sent events over fetch. EventSource isn't used because it can't send the headers that authenticate the caller.
// stream reads one connection; the caller reconnects after retryDelay with the id of the last event.
import type { Event, Ready } from './api';

type Named<E extends Event> = E extends Event ? { event: E['type']; data: E } : never;

/**
 * Frame is one event of the stream. `event` selects the type of `data`. `id` is empty for events that aren't
 * stored.
 */
export type Frame = { id: string } & ({ event: 'ready'; data: Ready } | Named<Event>);

/** anonymous keeps the page's cookies, and its address, which may hold a secret, out of a request. */
export const anonymous = { credentials: 'omit', referrerPolicy: 'no-referrer' } as const;

// The server sends a comment every 15 s. Without any byte for this many milliseconds the connection counts as dead.
const idleTimeout = 45_000;
const maxRetryDelay = 30_000; // milliseconds

/** retryDelay is the exponential backoff in milliseconds, with jitter so that clients don't reconnect all at once. */
export const retryDelay = (failures: number) =>
  Math.min(maxRetryDelay, 500 * 2 ** failures) * (0.5 + Math.random() / 2);

/** parseFrame parses one block of the stream. It returns null for a block without an event name, such as a comment. */
export function parseFrame(block: string): Frame | null {
  const frame = { id: '', event: '', data: null };
  for (const line of block.split('\n')) {
    if (line.startsWith('id: ')) frame.id = line.slice(4);
    if (line.startsWith('event: ')) frame.event = line.slice(7);
    if (line.startsWith('data: ')) frame.data = JSON.parse(line.slice(6));
  }
  return frame.event ? (frame as unknown as Frame) : null;
}

/**
 * stream calls onEvent for each event after lastEventId, until the server ends the stream. It throws if the server
 * refuses the request, if the connection breaks or is idle for too long, if the browser is in another network, where
 * nothing arrives on this connection, or if the signal aborts it. init is the request's, and gets one more header.
 */
export async function stream(
  url: string,
  init: { headers: Record<string, string> } & RequestInit,
  lastEventId: string,
  signal: AbortSignal,
  onEvent: (frame: Frame) => void,
): Promise<void> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  signal.addEventListener('abort', stop);
  addEventListener('online', stop);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restartTimer = () => {
    clearTimeout(timer);
    timer = setTimeout(stop, idleTimeout);
  };
  restartTimer();
  if (lastEventId) init.headers['last-event-id'] = lastEventId;
  try {
    const response = await fetch(url, {
      ...init,
      cache: 'no-store',
      signal: abort.signal,
    });
    if (!response.ok || !response.body) throw new Error('stream: ' + response.status);
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      restartTimer();
      text += decoder.decode(value, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) {
        const frame = parseFrame(block);
        if (frame) onEvent(frame);
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    removeEventListener('online', stop);
  }
}
