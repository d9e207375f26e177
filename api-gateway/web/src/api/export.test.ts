import { describe, expect, it } from 'vitest';
import type { Api } from './client';
import { readExport } from './export';

/** apiOf is a server whose responses to exports are these. */
function apiOf(...responses: string[]) {
  const asked: string[] = [];
  const text = async (path: string) => {
    asked.push(path);
    return responses.shift() ?? Promise.reject(new Error('away'));
  };
  return { api: { text } as unknown as Api, asked };
}

const { signal } = new AbortController();

describe('readExport', () => {
  it('follows the cursor to the end, and leaves out the lines that end a part', async () => {
    const { api, asked } = apiOf(
      '{"id":1}\n{"id":2}\n{"endOfStream":false,"cursor":"a b"}\n',
      '{"id":3}\n{"endOfStream":true,"cursor":"a b"}\n', // the last part may keep the cursor
    );
    const counts: number[] = [];
    const blob = await readExport(api, '/export/visitors', (n) => counts.push(n), signal);
    expect(await blob.text()).toBe('{"id":1}\n{"id":2}\n{"id":3}\n');
    expect(counts).toEqual([2, 3]);
    expect(asked).toEqual(['/export/visitors', '/export/visitors?cursor=a+b']);
  });

  it('fails if a part is missing, or has no end', async () => {
    const { api } = apiOf('{"id":1}\n{"endOfStream":false,"cursor":"a"}\n');
    await expect(readExport(api, '/export/visitors', () => {}, signal)).rejects.toThrow('away');
    const cut = apiOf('{"id":1}\n');
    await expect(readExport(cut.api, '/export/visitors', () => {}, signal)).rejects.toThrow('no end');
  });
});
