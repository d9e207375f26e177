import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anonymous, parseFrame, retryDelay, stream, type Frame } from './sse';

/** respond makes fetch answer with a body of these chunks, and returns the mock. */
function respond(status: number, ...chunks: string[]) {
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => new Response(body, { status }));
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

/** hang makes fetch answer with a body that never sends a byte and fails when the request is aborted. */
function hang() {
  const fetch = vi.fn(async (_url: string, init: RequestInit) => {
    const body = new ReadableStream({
      start(controller) {
        init.signal!.addEventListener('abort', () => controller.error(new Error('aborted')));
      },
    });
    return new Response(body);
  });
  vi.stubGlobal('fetch', fetch);
}

const open = (onEvent: (frame: Frame) => void = () => {}, lastEventId = '', signal = new AbortController().signal) =>
  stream('/events', { headers: { authorization: 'Bearer t' }, ...anonymous }, lastEventId, signal, onEvent);

let page: EventTarget;

beforeEach(() => {
  vi.useFakeTimers();
  page = new EventTarget();
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('parseFrame', () => {
  it('reads id, event and data', () => {
    expect(parseFrame('id: 7\nevent: ready\ndata: {"resumed":true}')).toEqual({
      id: '7',
      event: 'ready',
      data: { resumed: true },
    });
  });

  it('leaves the id empty if the event has none', () => {
    expect(parseFrame('event: ready\ndata: {"resumed":false}')!.id).toBe('');
  });

  it('ignores comments', () => {
    expect(parseFrame(': keep-alive')).toBeNull();
  });

  it('throws if the data is not JSON', () => {
    expect(() => parseFrame('event: ready\ndata: {')).toThrow(SyntaxError);
  });
});

describe('retryDelay', () => {
  it('grows with each failure and stays within its bounds', () => {
    for (const [failures, longest] of [
      [0, 500],
      [3, 4_000],
      [6, 30_000],
      [50, 30_000],
    ] as const) {
      const delay = retryDelay(failures);
      expect(delay).toBeGreaterThanOrEqual(longest / 2);
      expect(delay).toBeLessThanOrEqual(longest);
    }
  });
});

describe('stream', () => {
  it('delivers events that are split over several chunks, in order', async () => {
    respond(
      200,
      'id: 1\nevent: ready\nda',
      'ta: {"resumed":true}\n',
      '\nid: 2\nevent: ready\ndata: {"resumed":false}\n\n',
    );
    const ids: string[] = [];
    await open((frame) => ids.push(frame.id));
    expect(ids).toEqual(['1', '2']);
  });

  it('drops an event that the end of the stream cuts off', async () => {
    respond(200, 'id: 1\nevent: ready\ndata: {"resumed":true}\n');
    const onEvent = vi.fn();
    await open(onEvent);
    expect(onEvent).not.toHaveBeenCalled();
  });

  it('sends the id of the last event, without cookies and without the address of the page', async () => {
    const fetch = respond(200);
    await open(undefined, '41');
    expect(fetch.mock.calls[0]![1]).toMatchObject({
      headers: { authorization: 'Bearer t', 'last-event-id': '41' },
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
  });

  it('sends no id on the first connection', async () => {
    const fetch = respond(200);
    await open();
    expect(fetch.mock.calls[0]![1].headers).not.toHaveProperty('last-event-id');
  });

  it('throws if the server refuses the request', async () => {
    respond(401, 'id: 1\nevent: ready\ndata: {}\n\n');
    const onEvent = vi.fn();
    await expect(open(onEvent)).rejects.toThrow('401');
    expect(onEvent).not.toHaveBeenCalled();
  });

  it('throws if no byte arrives for 45 seconds', async () => {
    hang();
    const failed = expect(open()).rejects.toThrow('aborted');
    await vi.advanceTimersByTimeAsync(45_000);
    await failed;
  });

  it('throws if the browser comes into another network, and leaves no timer behind', async () => {
    hang();
    const streaming = open();
    const failed = expect(streaming).rejects.toThrow();
    await vi.advanceTimersByTimeAsync(1_000);
    page.dispatchEvent(new Event('online'));
    await failed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('throws if the caller aborts it, and leaves no timer behind', async () => {
    hang();
    const abort = new AbortController();
    const failed = expect(open(undefined, '', abort.signal)).rejects.toThrow('aborted');
    await vi.advanceTimersByTimeAsync(1_000);
    abort.abort();
    await failed;
    expect(vi.getTimerCount()).toBe(0);
  });
});
