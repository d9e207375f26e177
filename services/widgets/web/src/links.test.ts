import { describe, expect, it } from 'vitest';
import { parts } from './links';

const links = (text: string) =>
  parts(text)
    .filter((p) => p.href)
    .map((p) => [p.text, p.href]);

describe('parts', () => {
  it('finds addresses', () => {
    expect(links('See https://shop.example/a?b=1#c.')).toEqual([
      ['https://shop.example/a?b=1#c', 'https://shop.example/a?b=1#c'],
    ]);
    expect(links('(www.shop.example/x_(y)) or help@shop.example, please')).toEqual([
      ['www.shop.example/x_(y)', 'https://www.shop.example/x_(y)'],
      ['help@shop.example', 'mailto:help@shop.example'],
    ]);
    expect(links('Call +49 30 123 45-67!')).toEqual([['+49 30 123 45-67', 'tel:+49301234567']]);
  });
  it('leaves other texts alone', () => {
    for (const text of ['javascript:alert(1)', 'data:text/html,x', 'a@b', '1 + 2', '+123', 'order 4711', 'http:// x']) {
      expect(links(text)).toEqual([]);
    }
  });
  it('loses no character', () => {
    const text = 'a https://x.example, b@c.example "http://y.example" +4930123456789 z';
    expect(
      parts(text)
        .map((p) => p.text)
        .join(''),
    ).toBe(text);
  });
  it('takes linear time', () => {
    const began = performance.now();
    parts('a.'.repeat(30_000) + '@' + '+1 '.repeat(20_000));
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
