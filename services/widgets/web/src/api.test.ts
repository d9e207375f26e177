import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Api } from './api';
import { storageOf } from './fakes';
import { safely } from './safely';
import { SavedState } from './storage';

const respond = (fetch: (url: string, init: RequestInit) => Promise<Response>) => {
  const mock = vi.fn(fetch);
  vi.stubGlobal('fetch', mock);
  return mock;
};

let saved: SavedState;

beforeEach(() => {
  vi.stubGlobal('localStorage', storageOf());
  saved = new SavedState('wgt_a');
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('Api', () => {
  it('authenticates the visitor and sends JSON', async () => {
    saved.setCredentials('vis_a', 'secret_a');
    const fetch = respond(async () => Response.json({ id: 1 }));
    expect(await new Api('https://chat.example', saved).call('POST', '/x', { a: 1 })).toEqual({ id: 1 });
    expect(fetch.mock.calls[0]).toMatchObject([
      'https://chat.example/x',
      {
        method: 'POST',
        body: '{"a":1}',
        credentials: 'omit',
        headers: { 'content-type': 'application/json', 'x-visitor-id': 'vis_a', 'x-visitor-secret': 'secret_a' },
      },
    ]);
  });

  it('sends no credentials and no body if there are none', async () => {
    const fetch = respond(async () => new Response(null, { status: 204 }));
    expect(await new Api('', saved).call('POST', '/x')).toBeNull();
    expect(fetch.mock.calls[0]![1]).toMatchObject({ headers: {}, body: undefined });
  });

  it('throws the status of a refusal', async () => {
    respond(async () => new Response('{}', { status: 429 }));
    await expect(new Api('', saved).call('GET', '/x')).rejects.toMatchObject({
      status: 429,
      message: '/x: 429',
    });
  });

  it('drops responses for a visitor who was forgotten in between', async () => {
    const api = new Api('', saved);
    respond(async () => {
      api.forget();
      return Response.json({ id: 1 });
    });
    await expect(api.call('GET', '/x')).rejects.toThrow('reset');
  });

  it('gives up after 20 seconds', async () => {
    vi.useFakeTimers();
    respond(
      (_url, init) =>
        new Promise((_resolve, reject) => init.signal!.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    const failed = expect(new Api('', saved).call('GET', '/x')).rejects.toThrow('aborted');
    await vi.advanceTimersByTimeAsync(20_000);
    await failed;
  });
});

describe('safely', () => {
  it('turns errors into warnings, also those of promises', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    safely(() => {
      throw new Error('now');
    })();
    safely(async () => Promise.reject(new Error('later')))();
    await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(2));
    expect(warn.mock.calls.map(([prefix, err]) => `${prefix} ${err.message}`)).toEqual([
      'fivechat: now',
      'fivechat: later',
    ]);
    warn.mockRestore();
  });

  it('passes arguments on', () => {
    const f = vi.fn();
    safely(f)(1, 2);
    expect(f).toHaveBeenCalledWith(1, 2);
  });
});
