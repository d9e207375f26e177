import { afterEach, describe, expect, it, vi } from 'vitest';
import english from '../../internal/api/words/en.json';
import { chooseLanguage, loadTexts, textDirection } from './i18n';

const respond = (fetch: (url: string, init: RequestInit) => Promise<Response>) => {
  const mock = vi.fn(fetch);
  vi.stubGlobal('fetch', mock);
  return mock;
};

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('chooseLanguage', () => {
  it.each([
    [['de'], 'de'],
    [['DE-at'], 'de'],
    [['pt'], 'pt-BR'],
    [['zh-cn'], 'zh-CN'],
    [['xx', 'fr-CA', 'de'], 'fr'],
    [['xx'], 'en'],
    [[], 'en'],
  ])('answers %j with %s', (wishes, language) => {
    expect(chooseLanguage(wishes)).toBe(language);
  });
});

describe('loadTexts', () => {
  it('fetches another language', async () => {
    const fetch = respond(async () => Response.json({ ...english, send: 'Senden' }));
    expect((await loadTexts('https://chat.example', 'de')).send).toBe('Senden');
    expect(fetch.mock.calls[0]![0]).toBe('https://chat.example/widget-words/de');
  });

  it('does not fetch English', async () => {
    const fetch = respond(async () => Response.json({}));
    expect(await loadTexts('', 'en')).toEqual(english);
    expect(fetch).not.toHaveBeenCalled();
  });

  it('takes missing texts from English', async () => {
    respond(async () => Response.json({ send: 'Senden' }));
    expect(await loadTexts('', 'de')).toEqual({ ...english, send: 'Senden' });
  });

  it.each([
    ['refuses', async () => new Response('{"send": "no"}', { status: 404 })],
    ['answers something else', async () => new Response('<html>')],
    ['cannot be reached', async () => Promise.reject(new TypeError('network'))],
  ])('is English if the server %s', async (_, fetch) => {
    respond(fetch);
    expect(await loadTexts('', 'de')).toEqual(english);
  });

  it('is English if the response takes more than 3 seconds', async () => {
    vi.useFakeTimers();
    respond(
      (_url, init) =>
        new Promise((_resolve, reject) => init.signal!.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    const loading = loadTexts('', 'de');
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await loading).toEqual(english);
  });
});

describe('textDirection', () => {
  it('is right to left for Arabic only', () => {
    expect([textDirection('ar'), textDirection('de')]).toEqual(['rtl', 'ltr']);
  });
});
