import { afterEach, describe, expect, it, vi } from 'vitest';
import { postFile } from '../../../../libs/web/postfile';
import { Api, path, query } from './client';

vi.mock('../../../../libs/web/postfile', () => ({ postFile: vi.fn() }));

function respond(...responses: Response[]) {
  const mock = vi.fn(async (_url: string, _init: RequestInit) => responses.shift()!);
  vi.stubGlobal('fetch', mock);
  return mock;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('path', () => {
  it('makes one segment of each value', () => {
    expect(path`/users/${7}/x/${'../a?b#c'}`).toBe('/users/7/x/..%2Fa%3Fb%23c');
  });
});

describe('query', () => {
  it('leaves out what is empty, and encodes the rest', () => {
    expect(query({ a: '', b: null, c: undefined, d: 0, e: 'x&y=ü' })).toBe('?d=0&e=x%26y%3D%C3%BC');
    expect(query({ a: '' })).toBe('');
  });
});

describe('call', () => {
  it('names the website and sends JSON, with cookies', async () => {
    const fetch = respond(Response.json({ id: 1 }));
    expect(await new Api(7).call('POST', '/x', { a: 1 })).toEqual({ id: 1 });
    expect(fetch.mock.calls[0]).toMatchObject([
      '/x',
      {
        method: 'POST',
        body: '{"a":1}',
        credentials: 'same-origin',
        headers: { 'x-website-id': '7', 'content-type': 'application/json' },
      },
    ]);
  });

  it('sends a request again after a confirmation, and not without one', async () => {
    const refused = () => Response.json({ code: 'confirmation_required', detail: 'Confirm.' }, { status: 403 });
    const fetch = respond(refused(), refused(), Response.json({ id: 1 }));
    const api = new Api(7);
    await expect(api.call('POST', '/x', { a: 1 })).rejects.toMatchObject({ code: 'confirmation_required' });
    api.onConfirm = async () => true;
    expect(await api.call('POST', '/x', { a: 1 })).toEqual({ id: 1 });
    expect(fetch.mock.calls.map(([, init]) => init.body)).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
  });

  it('does not end the session for a wrong proof', async () => {
    respond(Response.json({ code: 'code_invalid', detail: 'Wrong.' }, { status: 401 }));
    const api = new Api(7);
    api.onEnd = vi.fn();
    await expect(api.call('POST', '/auth/confirm', {})).rejects.toMatchObject({ status: 401 });
    expect(api.onEnd).not.toHaveBeenCalled();
  });

  it('returns null for 204', async () => {
    const fetch = respond(new Response(null, { status: 204 }));
    expect(await new Api(7).call('POST', '/x')).toBeNull();
    expect(fetch.mock.calls[0]![1].headers).not.toHaveProperty('content-type');
  });

  it('throws the problem that the server describes', async () => {
    respond(Response.json({ code: 'not_found', detail: 'There is no such user.' }, { status: 404 }));
    await expect(new Api(7).get('/x')).rejects.toMatchObject({
      status: 404,
      code: 'not_found',
      message: 'There is no such user.',
    });
  });

  it('throws the status if the response is no JSON', async () => {
    respond(new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
    await expect(new Api(7).get('/x')).rejects.toMatchObject({ status: 502, code: '', message: 'Bad Gateway' });
  });
});

describe('onEnd', () => {
  it.each([
    [401, 'session_invalid', 1],
    [403, 'not_a_member', 1],
    [403, 'role_required', 0],
    [404, 'not_found', 0],
  ])('on %i %s is called %i times', async (status, code, times) => {
    respond(Response.json({ code, detail: 'no' }, { status }));
    const api = new Api(7);
    api.onEnd = vi.fn();
    await expect(api.get('/x')).rejects.toThrow('no');
    expect(api.onEnd).toHaveBeenCalledTimes(times);
  });
});

describe('upload', () => {
  const signal = new AbortController().signal;
  const answer = (status: number, body: unknown) => vi.mocked(postFile).mockResolvedValueOnce({ status, body });
  const upload = (api: Api) => api.upload({ name: 'ü &.png' } as File, () => {}, signal);

  it('names the file and the website', async () => {
    answer(201, { id: 5 });
    expect(await upload(new Api(7))).toEqual({ id: 5 });
    expect(vi.mocked(postFile).mock.lastCall?.slice(0, 2)).toEqual([
      '/files?name=%C3%BC+%26.png',
      { 'x-website-id': '7' },
    ]);
  });

  it.each([
    [401, 'session_ended', 1],
    [413, 'storage_full', 0],
    [502, '', 0],
  ])('throws a refusal: %i %s', async (status, code, times) => {
    answer(status, code ? { code, detail: 'no' } : {});
    const api = new Api(7);
    api.onEnd = vi.fn();
    await expect(upload(api)).rejects.toMatchObject({ status, code });
    expect(api.onEnd).toHaveBeenCalledTimes(times);
  });
});

describe('getWithMessages', () => {
  const part = (ids: number[], hasMore?: boolean) => Response.json({ messages: ids.map((id) => ({ id })), hasMore });

  it('joins all parts', async () => {
    const fetch = respond(part([1, 2], true), part([3], true), part([4]));
    const { messages } = await new Api(7).getWithMessages('/x');
    expect(messages.map((m) => m.id)).toEqual([1, 2, 3, 4]);
    expect(fetch.mock.calls.map(([url]) => url)).toEqual(['/x', '/x?after=2', '/x?after=3']);
  });

  it('ends at an empty part, whatever it promises', async () => {
    const fetch = respond(part([1], true), part([], true));
    await new Api(7).getWithMessages('/x');
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('fails if a part fails', async () => {
    respond(part([1], true), Response.json({ detail: 'away' }, { status: 503 }));
    await expect(new Api(7).getWithMessages('/x')).rejects.toThrow('away');
  });
});
