import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Api } from './api';
import { OPEN, POST, SESSIONS, newChat, refused, saved, server, session, settle, startedChat, texts } from './fakechat';
import { attachment, conversation, message } from './fakes';

const UPLOAD = 'POST /visitor/files';
const fileOf = (name: string) => ({ name, size: 3 }) as File;
const a = attachment(5, 'a.png');

describe('a file', () => {
  it('begins a session, and is named by the message', async () => {
    server
      .on(SESSIONS, session())
      .on(UPLOAD, a)
      .on(OPEN, { conversation: conversation(), message: message(2) });
    const chat = newChat();
    chat.uploads.add([fileOf('a.png')]);
    await settle();
    expect(chat.uploads.isReady).toBe(true);
    chat.send('look', chat.uploads.attachments);
    await settle();
    expect(server.bodies(SESSIONS)).toHaveLength(1);
    expect(server.bodies(OPEN)).toMatchObject([{ content: 'look', attachments: [5] }]);
  });

  it('is named again by the repeated message, with the same id', async () => {
    const chat = await startedChat();
    server.on(POST, new Error('network'), refused(503), message(2));
    chat.send('a.png', [a]);
    await settle();
    const bodies = server.bodies(POST);
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies.map((b) => JSON.stringify(b))).size).toBe(1);
    expect(texts(chat)).toEqual(['text 1: sent', 'a.png: sent']);
    expect(saved.outbox).toEqual([]);
  });

  it('is no member of a message without files: the version before refuses it', async () => {
    const chat = await startedChat();
    server.on(POST, message(2));
    chat.send('look', []);
    await settle();
    expect(server.bodies(POST)[0]).not.toHaveProperty('attachments');
  });

  it('is uploaded with another session if the server refuses this one', async () => {
    const chat = await startedChat();
    server.on(UPLOAD, refused(401), a);
    chat.uploads.add([fileOf('a.png')]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(chat.uploads.isReady).toBe(true);
    expect(server.bodies(SESSIONS)).toHaveLength(2);
  });

  it('is dropped with the visitor who added it', async () => {
    const chat = await startedChat();
    server.on(UPLOAD, a);
    chat.uploads.add([fileOf('a.png')]);
    await settle();
    chat.reset();
    expect(chat.uploads.list).toEqual([]);
  });
});

describe('Api.upload', () => {
  let request: FakeRequest;

  /** FakeRequest is an XMLHttpRequest that the test answers. */
  class FakeRequest {
    readonly upload: { onprogress?: (e: { loaded: number; total: number }) => void } = {};
    readonly headers: Record<string, string> = {};
    url = '';
    status = 0;
    responseText = '';
    onload = () => {};
    onerror = () => {};
    onabort = () => {};
    onloadend = () => {};
    constructor() {
      request = this;
    }
    open = (_method: string, url: string) => (this.url = url);
    setRequestHeader = (name: string, value: string) => (this.headers[name] = value);
    send = () => {};
    abort = () => (this.onabort(), this.onloadend());
    answer(status: number, text: string) {
      Object.assign(this, { status, responseText: text });
      this.onload();
      this.onloadend();
    }
  }

  const begin = (signal = new AbortController().signal, onProgress = (_part: number) => {}) => {
    saved.setCredentials('vis_a', 'secret_a');
    return new Api('https://chat.example', saved).upload(fileOf('ü &.png'), onProgress, signal);
  };

  beforeEach(() => vi.stubGlobal('XMLHttpRequest', FakeRequest));
  afterEach(() => vi.unstubAllGlobals());

  it('sends the file as the visitor, and reports how much is sent', async () => {
    const parts: number[] = [];
    const uploaded = begin(undefined, (part) => parts.push(part));
    request.upload.onprogress!({ loaded: 1, total: 4 });
    request.answer(201, JSON.stringify(a));
    expect(await uploaded).toEqual(a);
    expect(parts).toEqual([0.25]);
    expect(request.url).toBe('https://chat.example/visitor/files?name=%C3%BC%20%26.png');
    expect(request.headers).toEqual({
      'content-type': 'application/octet-stream',
      'x-visitor-id': 'vis_a',
      'x-visitor-secret': 'secret_a',
    });
  });

  it.each([
    [413, '{"code":"storage_full"}', { status: 413, code: 'storage_full' }],
    [502, '<html>', { status: 502, code: undefined }],
  ])('throws a refusal: %d %s', async (status, text, want) => {
    const uploaded = expect(begin()).rejects.toMatchObject(want);
    request.answer(status, text);
    await uploaded;
  });

  it('breaks if nothing is sent for a minute, and if it is cancelled', async () => {
    const idle = expect(begin()).rejects.toThrow('broke');
    await vi.advanceTimersByTimeAsync(60_000);
    await idle;
    const abort = new AbortController();
    const cancelled = expect(begin(abort.signal)).rejects.toThrow('broke');
    abort.abort();
    await cancelled;
  });
});
