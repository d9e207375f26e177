import { afterEach, describe, expect, it, vi } from 'vitest';
import english from '../../internal/api/words/en.json';
import { chooseLanguage, loadTexts, textDirection } from './i18n';

const respond = (fetch: (url: string, init: RequestInit) => Promise<Response>) => {
  const mock = vi.fn(fetch);
  vi.stubGlobal('fetch', mock);
  return mock;
};

const launcher = { open: english.open, close: english.close };

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('chooseLanguage', () => {
  it.each([
    [['de'], 'de'],
    [['DE-at'], 'de'],
    [['pt'], 'pt-BR'],
    [['pt_PT'], 'pt-BR'],
    [['zh-cn'], 'zh-CN'],
    [['zh'], 'zh-CN'],
    [['zh-SG'], 'zh-CN'],
    [['zh-Hant-HK'], 'zh-TW'],
    [['zh-hk'], 'zh-TW'],
    [['zh-Hans-TW'], 'zh-CN'],
    [['no'], 'nb'],
    [['nn-NO'], 'nb'],
    [['iw-IL'], 'he'],
    [['in'], 'id'],
    [['toString'], 'en'],
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
    expect(await loadTexts('', 'en')).toEqual(launcher);
    expect(fetch).not.toHaveBeenCalled();
  });

  it('takes missing texts from English', async () => {
    respond(async () => Response.json({ open: 'Öffnen' }));
    expect(await loadTexts('', 'de')).toEqual({ ...launcher, open: 'Öffnen' });
  });

  it.each([
    ['refuses', async () => new Response('{"send": "no"}', { status: 404 })],
    ['answers something else', async () => new Response('<html>')],
    ['cannot be reached', async () => Promise.reject(new TypeError('network'))],
  ])('is English if the server %s', async (_, fetch) => {
    respond(fetch);
    expect(await loadTexts('', 'de')).toEqual(launcher);
  });

  it('is English if the response takes more than 3 seconds', async () => {
    vi.useFakeTimers();
    respond(
      (_url, init) =>
        new Promise((_resolve, reject) => init.signal!.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    const loading = loadTexts('', 'de');
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await loading).toEqual(launcher);
  });
});

describe('textDirection', () => {
  it('is right to left for Arabic and Hebrew only', () => {
    expect(['ar', 'he', 'de', 'id'].map(textDirection)).toEqual(['rtl', 'rtl', 'ltr', 'ltr']);
  });
});
