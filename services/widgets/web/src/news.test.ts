import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { News } from '../../../../libs/web/api';
import { httpError } from './api';
import { conversation, message } from './fakes';
import { NewsReader } from './news';

type Page = Error | number[] | Promise<number[]> | null;

let pages: Page[];
let requests: number[];
let taken: number[];
let seeks: number[]; // how many messages were taken before each
let failures: Error[]; // of seek
let reader: NewsReader;

/** pageOf is a page that has more if the last id is negative. */
const pageOf = (ids: number[]): News => ({
  conversation: conversation(),
  messages: ids.map((id) => message(Math.abs(id))),
  users: [],
  hasMore: ids.some((id) => id < 0),
});

/** later is a page that arrives when its function is called. */
function later() {
  let arrive = (_ids: number[]) => {};
  const page = new Promise<number[]>((resolve) => (arrive = resolve));
  return { page, arrive };
}

beforeEach(() => {
  [pages, requests, taken, seeks, failures] = [[], [], [], [], []];
  const get = async (after: number) => {
    requests.push(after);
    const page = await (pages.length ? pages.shift()! : []);
    if (page instanceof Error) throw page;
    return page && pageOf(page);
  };
  reader = new NewsReader(
    get,
    (news) => taken.push(...news.messages.map((m) => m.id)),
    async () => {
      if (seeks.push(taken.length) && failures.length) throw failures.shift();
    },
    async () => {},
  );
});

describe('read', () => {
  it('takes all pages, and continues behind the last one', async () => {
    pages = [[1, -2], [3], [4]];
    await reader.read();
    await reader.read();
    expect([taken, requests]).toEqual([
      [1, 2, 3, 4],
      [0, 2, 3],
    ]);
  });

  it('ends at an empty page, and without a conversation', async () => {
    pages = [[], null];
    await reader.read();
    await reader.read();
    expect(requests).toEqual([0, 0]);
  });

  it('fails without a gap: the next one takes the same page', async () => {
    pages = [[-1], httpError(503, '/'), [2]];
    await expect(reader.read()).rejects.toThrow('503');
    await reader.read();
    expect([taken, requests]).toEqual([
      [1, 2],
      [0, 1, 1],
    ]);
  });

  it('does not go back if two overlap', async () => {
    const first = later();
    pages = [first.page, [1, 2, 3]];
    const reads = [reader.read(), reader.read()];
    await reads[1];
    first.arrive([1]);
    await Promise.all(reads);
    await reader.read();
    expect(requests).toEqual([0, 0, 3]);
  });

  it('takes nothing of a conversation that was left, and does not continue behind it', async () => {
    const late = later();
    pages = [[7], late.page];
    await reader.read();
    const read = reader.read();
    reader.restart();
    late.arrive([8]);
    await read;
    await reader.read();
    expect([taken, requests]).toEqual([[7], [0, 7, 0]]);
  });
});

describe('catchUp', () => {
  it.each([
    ['the network fails', new TypeError('network')],
    ['the server is away', httpError(503, '/')],
    ['another tab has replaced the secret', httpError(401, '/')],
  ])('repeats the read if %s', async (_case, err) => {
    pages = [err, err, [1]];
    await reader.catchUp();
    expect(taken).toEqual([1]);
  });

  it('looks for a later conversation when all messages are taken, until that succeeds', async () => {
    pages = [[-1], [2]];
    failures = [new TypeError('network')];
    await reader.catchUp();
    expect(seeks).toEqual([2, 2]);
  });

  it('ends if the server refuses', async () => {
    pages = [httpError(404, '/'), [1]];
    await reader.catchUp();
    expect(taken).toEqual([]);
  });

  it('reads once more if it is called meanwhile, even if the read is refused', async () => {
    for (const page of [[1], httpError(404, '/')]) {
      pages = [page, [2]];
      await Promise.all([reader.catchUp(), reader.catchUp(), reader.catchUp()]);
      expect(taken.pop()).toBe(2);
    }
    expect(requests).toHaveLength(4);
  });

  it('reads again if it is called when the last one has just ended', async () => {
    const take = vi.fn();
    pages = [[1], [2]];
    const first = reader.catchUp().then(() => reader.catchUp().then(take));
    await first;
    expect([taken, take.mock.calls.length]).toEqual([[1, 2], 1]);
  });
});
