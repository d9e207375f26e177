import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { browserPage, PageTitle, reportedAddress } from './page';

describe('reportedAddress', () => {
  it('keeps the listed parameters', () => {
    expect(reportedAddress('https://shop.example/a?token=secret&lang=de#secret', ['lang'])).toBe(
      'https://shop.example/a?lang=de',
    );
  });

  it('removes the query and the fragment if no parameter is listed', () => {
    expect(reportedAddress('https://shop.example/a?token=secret#secret', [])).toBe('https://shop.example/a');
  });

  it('is empty for an empty address', () => {
    expect(reportedAddress('', ['lang'])).toBe('');
  });
});

describe('browserPage', () => {
  const events = new EventTarget();
  const removeEventListener = vi.fn(events.removeEventListener.bind(events));

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
    vi.stubGlobal('removeEventListener', removeEventListener);
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.clearAllMocks();
  });

  it('sleeps for the given time and removes its listener', async () => {
    const slept = vi.fn();
    browserPage([]).sleep(1_000).then(slept);
    await vi.advanceTimersByTimeAsync(999);
    expect(slept).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(slept).toHaveBeenCalled();
    expect(removeEventListener).toHaveBeenCalledTimes(1);
  });

  it('wakes up when the browser is online again, and leaves no timer behind', async () => {
    const sleeping = browserPage([]).sleep(1_000);
    events.dispatchEvent(new Event('online'));
    await sleeping;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('reports the shortened addresses of the page and its referrer', () => {
    vi.stubGlobal('location', { href: 'https://shop.example/a?key=secret' });
    vi.stubGlobal('document', { title: 'Shop', referrer: 'https://search.example/?q=secret', hidden: false });
    vi.stubGlobal('navigator', { language: 'en' });
    expect(browserPage([]).context()).toEqual({
      page: 'https://shop.example/a',
      title: 'Shop',
      referrer: 'https://search.example/',
      language: 'en',
    });
  });
});

describe('PageTitle', () => {
  it('restores the page’s title, also one that the page has set meanwhile', () => {
    const page = { title: 'Shop' };
    vi.stubGlobal('document', page);
    const title = new PageTitle();
    title.replace('');
    title.replace('(1) New message');
    title.replace('(2) New message');
    expect([page.title, title.own]).toEqual(['(2) New message', 'Shop']);
    title.replace('');
    expect([page.title, title.own]).toEqual(['Shop', 'Shop']);
    title.replace('(1) New message');
    page.title = 'Checkout';
    expect(title.own).toBe('Checkout');
    title.replace('(2) New message');
    expect(page.title).toBe('(2) New message');
    title.replace('');
    expect(page.title).toBe('Checkout');
    vi.unstubAllGlobals();
  });
});
