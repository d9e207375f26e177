// Server-sent events over fetch, for pages: EventSource cannot send the header that says who reads.

/** Frame is one event. The id of the last one that had an id is where a stream goes on. */
export interface Frame {
  id: string;
  event: string;
  data: any;
}

/** anonymous is how scripts ask: without the page's cookies, and without its address, which may hold a secret. */
export const anonymous = { credentials: 'omit', referrerPolicy: 'no-referrer' } as const;

const silence = 45_000; // milliseconds without a byte after which a stream is given up: the server gives signs of life every 15 s
const longest = 30_000; // milliseconds between two tries

/** pause is how long to wait after so many failures. It differs between readers, so that they do not all come back at once. */
export const pause = (failures: number) => Math.min(longest, 500 * 2 ** failures) * (0.5 + Math.random() / 2);

/** stream hands on the events behind the one of an id, until the stream ends or is given up. It fails where it is refused. */
export async function stream(
  url: string,
  headers: Record<string, string>,
  after: string,
  stop: AbortSignal,
  heard: (f: Frame) => void,
): Promise<void> {
  const abort = new AbortController();
  stop.addEventListener('abort', () => abort.abort());
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), silence);
  };
  alive();
  try {
    const answer = await fetch(url, {
      headers: after ? { ...headers, 'last-event-id': after } : headers,
      ...anonymous,
      cache: 'no-store',
      signal: abort.signal,
    });
    if (!answer.ok || !answer.body) throw new Error('events answered ' + answer.status);
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    for (let text = ''; ;) {
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
