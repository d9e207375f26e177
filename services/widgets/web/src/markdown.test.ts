import { describe, expect, it } from 'vitest';
import { parse, plain, type Piece } from './markdown';

/** marked writes pieces with the names of their elements. */
const marked = (pieces: Piece[]): string =>
  pieces
    .map((p) => (typeof p === 'string' ? p : `<${p.tag}${p.attributes?.start || ''}>${marked(p.content)}</${p.tag}>`))
    .join('');

describe('parse', () => {
  it.each([
    ['a **b** c', 'a <strong>b</strong> c'],
    ['*a* *b*, _c_!', '<em>a</em> <em>b</em>, <em>c</em>!'],
    ['**a *b* c**', '<strong>a <em>b</em> c</strong>'],
    ['これは**大事**です', 'これは<strong>大事</strong>です'],
    ['use `**x**` here', 'use <code>**x**</code> here'],
    ['```x = 1```', '<code>x = 1</code>'],
    ['a\n\n```js\nlet x = *1*;\n\n```\nb', 'a<pre><code>let x = *1*;\n</code></pre>b'],
    ['```\nnot closed', '<pre><code>not closed</code></pre>'],
    ['Pick:\n- one\n* **two**\nor', 'Pick:<ul><li>one</li><li><strong>two</strong></li></ul>or'],
    ['3. a\n4) b\n- c', '<ol3><li>a</li><li>b</li></ol><ul><li>c</li></ul>'],
    ['**see https://a.example/x_y_z**', '<strong>see <a>https://a.example/x_y_z</a></strong>'],
    ['https://a.example/_x_/*y* _z_', '<a>https://a.example/_x_/*y</a>* <em>z</em>'],
    ['- mail@a.example', '<ul><li><a>mail@a.example</a></li></ul>'],
  ])('renders %j', (text, expected) => {
    expect(marked(parse(text))).toBe(expected);
  });

  it.each([
    '2*3*4',
    'snake_case_name',
    '** a **',
    'a * b * c',
    '-5 degrees',
    '1.5 m',
    '<b>x</b>',
    '# a',
    '[a](b)',
    '***',
    '_ a _',
    '*a\nb*',
    '``',
    '- ',
    '',
  ])('leaves %j alone', (text) => {
    expect(marked(parse(text))).toBe(text);
  });

  it('takes linear time', () => {
    const began = performance.now();
    for (const part of ['*a ', '**a ', '_a ', '`a ', '*_', '- a\n', '```js\n', '**a_*']) {
      parse(part.repeat(60_000 / part.length));
    }
    expect(performance.now() - began).toBeLessThan(4_000);
  });
});

describe('plain', () => {
  it('is one line without marks', () => {
    expect(plain('Hi **Vera**!\n\n1. one\n2. `two`\n\nhttps://a.example')).toBe('Hi Vera! one two https://a.example');
  });
});
