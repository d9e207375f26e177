import { afterEach, describe, expect, it, vi } from 'vitest';
import { findServer, findTag } from './server';

class Script {
  constructor(readonly src: string) {}
}

/** page is a page with these tags. */
function page(tags: string[], stated?: string) {
  const scripts = tags.map((src) => new Script(src));
  vi.stubGlobal('HTMLScriptElement', Script);
  vi.stubGlobal('document', { currentScript: null, scripts });
  vi.stubGlobal('window', { fivechatServer: stated });
}

afterEach(() => vi.unstubAllGlobals());

const server = () => findServer(findTag('shop'), 'shop');

describe('findServer', () => {
  it('takes the address of the tag', () => {
    page(['https://other.example/widget/shopping', 'https://chat.example/base/widget/shop?v=1']);
    expect(server()).toBe('https://chat.example/base');
  });
  it('takes what the page states', () => {
    page(['https://chat.example/widget/shop'], 'https://stated.example/');
    expect(server()).toBe('https://stated.example');
  });
  it('takes the address of the running script', () => {
    page([]);
    vi.stubGlobal(
      'Error',
      class {
        stack = 'Error\n at f (https://shop.example/app.js:1:2)\n at https://chat.example/widget/shop:1:77';
      },
    );
    expect(server()).toBe('https://chat.example');
  });
  it('does not guess', () => {
    page(['https://shop.example/bundle.js', 'blob:https://shop.example/1234']);
    expect(server()).toBe('');
  });
});
