import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

type Loader = typeof import('./index');
type Script = { src: string; dataset: Record<string, string>; onload(): void; onerror(): void; remove(): void };

const options = { server: 'https://chat.example/', clientToken: 'wgt_a' };

let scripts: Script[];
let page: { fivechat?: ((...args: unknown[]) => void) & { q?: unknown[][] } };
let loader: Loader;

beforeEach(async () => {
  vi.resetModules();
  loader = await import('./index'); // without a window, as on a server
  scripts = [];
  page = {};
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function stubBrowser() {
  vi.stubGlobal('window', page);
  vi.stubGlobal('document', {
    createElement: () => ({ dataset: {}, remove: () => scripts.pop() }),
    head: { append: (script: Script) => void scripts.push(script) },
  });
}

describe('load', () => {
  it('injects one script, however often it is called', async () => {
    stubBrowser();
    const done = [loader.load({ ...options, language: 'de', consent: 'required', nonce: 'abc' }), loader.load(options)];
    expect(scripts).toMatchObject([
      {
        src: 'https://chat.example/widget/wgt_a',
        async: true,
        crossOrigin: 'anonymous',
        nonce: 'abc',
        dataset: { lang: 'de', consent: 'required' },
      },
    ]);
    scripts[0]!.onload();
    await Promise.all(done);
  });

  it('can be repeated after a failure', async () => {
    stubBrowser();
    const failed = loader.load(options);
    scripts[0]!.onerror();
    await expect(failed).rejects.toThrow('could not be loaded');
    loader.load(options);
    expect(scripts).toHaveLength(1);
  });

  it('refuses a second website', async () => {
    stubBrowser();
    loader.load(options);
    await expect(loader.load({ ...options, clientToken: 'wgt_b' })).rejects.toThrow('another website');
  });

  it('does nothing on a server', async () => {
    await loader.load(options);
    loader.fivechat('open');
  });
});

describe('fivechat', () => {
  it('keeps commands until the widget takes them', () => {
    stubBrowser();
    loader.fivechat('identify', { name: 'Vera', plan: 'gold' });
    loader.fivechat('on', 'unread', (count) => count + 1);
    expect(page.fivechat!.q!.map(([name]) => name)).toEqual(['identify', 'on']);
    const called = vi.fn();
    page.fivechat = called;
    loader.fivechat('message', 'Hello', { send: true });
    expect(called).toHaveBeenCalledWith('message', 'Hello', { send: true });
  });

  it('has types for commands and events', () => {
    // @ts-expect-error there is no such command
    loader.fivechat('opne');
    // @ts-expect-error a text is needed
    loader.fivechat('message');
    // @ts-expect-error the count is a number
    loader.fivechat('on', 'unread', (count: string) => count);
  });
});
