import { describe, expect, it } from 'vitest';
import { factsOf, kindOf, namesOf, sizeOf, textOf } from './attachments';

const files = [{ name: 'a.png' }, { name: 'b.pdf' }];

describe('textOf', () => {
  it('leaves out names that stand for the files, and keeps a text', () => {
    expect(textOf(namesOf(files), files)).toBe('');
    expect(textOf('a.png', files)).toBe('a.png');
    expect(textOf('look', files)).toBe('look');
    expect(textOf('', [])).toBe('');
  });
});

describe('sizeOf', () => {
  it.each([
    [1, 'en', '1 kB'],
    [48_213, 'en', '48 kB'],
    [999_499, 'en', '999 kB'],
    [999_500, 'en', '1 MB'],
    [1_234_567, 'en', '1.2 MB'],
    [26_214_400, 'de', '26,2 MB'],
  ])('of %d bytes in %s is %s', (bytes, language, text) => {
    expect(sizeOf(bytes, language).replace('\u00a0', ' ')).toBe(text);
  });
});

describe('kindOf', () => {
  it.each([
    ['receipt.pdf', 'application/pdf', 'PDF'],
    ['archive.tar.gz', 'application/gzip', 'GZ'],
    ['letter.of complaint', 'text/plain', 'PLAIN'],
    ['.profile', 'text/plain', 'PLAIN'],
    ['report.final-version', 'application/pdf', 'PDF'],
    ['data.geojsonline', 'application/json', 'JSON'],
    ['file', '', ''],
  ])('of %s, %s is %s', (name, type, kind) => {
    expect(kindOf({ name, type })).toBe(kind);
  });

  it('is left out of the facts if it is unknown', () => {
    expect(factsOf({ name: 'file', type: '', size: 48_213 }, 'en')).toMatch(/^48/);
    expect(factsOf({ name: 'a.pdf', type: '', size: 48_213 }, 'en')).toMatch(/^PDF · 48/);
  });
});
