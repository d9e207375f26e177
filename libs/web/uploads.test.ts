import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Attachment } from './api';
import { reasonOf, Uploads, type SendFile } from './uploads';

type Attempt = (onProgress: (part: number) => void, signal: AbortSignal) => Promise<Attachment>;

const ids: Record<string, number> = { 'a.png': 1, 'b.pdf': 2, 'copy of a.png': 1 };
const stored = (name: string) => ({ id: ids[name] ?? 9, name }) as Attachment;
const fileOf = (name: string, size = 3) => ({ name, size, type: '' }) as File;
const failing = (fields: object) => () => Promise.reject(Object.assign(new Error('failed'), fields));

let attempts: string[];
let script: Attempt[]; // what the next attempts do; then all succeed
let uploads: Uploads;
let changes: number;

const send: SendFile = (file, onProgress, signal) => {
  attempts.push(file.name);
  return script.shift()?.(onProgress, signal) ?? Promise.resolve(stored(file.name));
};
const states = () => uploads.list.map(({ file, state, reason }) => [file.name, reason ?? state].join(': '));
const settle = () => vi.advanceTimersByTimeAsync(100);

beforeEach(() => {
  vi.useFakeTimers();
  attempts = [];
  script = [];
  changes = 0;
  uploads = new Uploads(send, () => changes++);
});
afterEach(() => void vi.useRealTimers());

describe('uploads', () => {
  it('sends several files one after the other, and gives them to one message', async () => {
    let end = (_: Attachment) => {};
    script = [() => new Promise((resolve) => (end = resolve))];
    expect(uploads.add([fileOf('a.png'), fileOf('b.pdf')])).toBe(true);
    await settle();
    expect(states()).toEqual(['a.png: sending', 'b.pdf: waiting']);
    expect(uploads.isReady).toBe(false);
    end(stored('a.png'));
    await settle();
    expect(states()).toEqual(['a.png: done', 'b.pdf: done']);
    expect(uploads.isReady).toBe(true);
    expect(uploads.attachments.map(({ id }) => id)).toEqual([1, 2]);
    uploads.clear();
    expect([uploads.list, uploads.attachments]).toEqual([[], []]);
  });

  it('reports how much is sent', async () => {
    script = [(onProgress) => (onProgress(0.5), new Promise(() => {}))];
    uploads.add([fileOf('a.png')]);
    await settle();
    expect(uploads.list[0]!.part).toBe(0.5);
    expect(changes).toBeGreaterThan(1);
  });

  it('sends a file again after a broken line, an overload and a fault of the server', async () => {
    script = [failing({}), failing({ status: 429 }), failing({ status: 503 })];
    uploads.add([fileOf('a.png')]);
    await settle();
    expect(states()).toEqual(['a.png: sending']);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(states()).toEqual(['a.png: done']);
    expect(attempts).toHaveLength(4);
  });

  it('gives up after about a minute, until the person tries again', async () => {
    script = Array.from({ length: 7 }, () => failing({}));
    uploads.add([fileOf('a.png')]);
    await vi.advanceTimersByTimeAsync(90_000);
    expect(states()).toEqual(['a.png: broken']);
    expect(uploads.failed?.file.name).toBe('a.png');
    uploads.retry(uploads.failed!.key);
    await settle();
    expect([uploads.isReady, uploads.failed]).toEqual([true, undefined]);
  });

  it.each([
    [{ status: 413 }, 'tooLarge'],
    [{ status: 413, code: 'storage_full' }, 'full'],
    [{ status: 403, code: 'visitor_blocked' }, 'refused'],
  ])('says why the server refuses a file: %j', async (fields, reason) => {
    script = [failing(fields)];
    uploads.add([fileOf('a.png'), fileOf('b.pdf')]);
    await settle();
    expect(states()).toEqual(['a.png: ' + reason, 'b.pdf: done']);
    expect(uploads.isReady).toBe(false);
  });

  it('does not send what no server takes', async () => {
    uploads.add([fileOf('a.png', 0), fileOf('b.pdf', (25 << 20) + 1)]);
    await settle();
    expect(states()).toEqual(['a.png: empty', 'b.pdf: tooLarge']);
    expect(attempts).toEqual([]);
  });

  it('has ten files at most', async () => {
    const many = Array.from({ length: 11 }, (_, n) => fileOf(n + '.txt', 0));
    expect(uploads.add(many)).toBe(false);
    expect(uploads.list).toHaveLength(10);
    expect(uploads.add([fileOf('a.png')])).toBe(false);
    uploads.remove(uploads.list[0]!.key);
    expect(uploads.add([fileOf('a.png')])).toBe(true);
  });

  it('cancels a file on its way, in an attempt and between two', async () => {
    let isAborted = false;
    script = [
      (_, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            isAborted = true;
            reject(new Error('cancelled'));
          }),
        ),
      failing({}),
    ];
    uploads.add([fileOf('a.png'), fileOf('b.pdf')]);
    await settle();
    uploads.remove(uploads.list[0]!.key);
    await settle();
    expect(isAborted).toBe(true);
    uploads.clear();
    await vi.advanceTimersByTimeAsync(90_000);
    expect(attempts).toEqual(['a.png', 'b.pdf']);
    expect(uploads.list).toEqual([]);
  });

  it('names the same file once', async () => {
    uploads.add([fileOf('a.png'), fileOf('copy of a.png')]);
    await settle();
    expect(uploads.attachments.map(({ id }) => id)).toEqual([1]);
  });
});

describe('reasonOf', () => {
  it('takes what has no status for a broken line', () => {
    expect([new Error('x'), { status: 0 }, { status: 408 }, { status: 500 }].map(reasonOf)).toEqual(
      Array(4).fill('broken'),
    );
  });
});
