import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Frame } from '../../../../libs/web/sse';
import { Browser } from './fakes';
import { refresh, share, type Lead } from './share';

const frame = (id: string) => ({ id, event: 'typing', data: {} }) as unknown as Frame;

let browser: Browser;

/** Tab takes part in the sharing, and records the frames that it gets. */
class Tab {
  readonly frames: string[] = [];
  readonly visit = new AbortController();
  relay?: (frame: Frame) => void; // of the leader
  hasEnded = false;
  private _end = () => {};
  isHidden = false;

  constructor() {
    const lead: Lead = (relay, ended) => {
      this.relay = relay;
      return new Promise((resolve) => {
        this._end = () => {
          this.relay = undefined;
          resolve();
        };
        ended.addEventListener('abort', () => (this.relay = undefined)); // it ends later, perhaps
      });
    };
    const receive = (f: Frame) => void this.frames.push(f === refresh || f.event === 'ready' ? 'refresh' : f.id);
    share('fivechat:vis_a', this.visit.signal, lead, receive).then(() => (this.hasEnded = true));
  }

  /** close ends the leader's stream, which gives the lock away. */
  close() {
    this._end();
  }
}

const settle = () => vi.advanceTimersByTimeAsync(1);

beforeEach(() => {
  vi.useFakeTimers();
  browser = new Browser();
  browser.stub();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('share', () => {
  it('lets one tab read, and relays its frames to the others', async () => {
    const tabs = [new Tab(), new Tab(), new Tab()];
    await settle();
    expect(tabs.map((t) => !!t.relay)).toEqual([true, false, false]);
    tabs[0]!.relay!(frame('1'));
    await settle();
    expect(tabs.map((t) => t.frames)).toEqual([['1'], ['refresh', '1'], ['refresh', '1']]);
  });

  it('lets another tab read when the leader is closed', async () => {
    const tabs = [new Tab(), new Tab(), new Tab()];
    await settle();
    tabs[0]!.close();
    await settle();
    tabs[1]!.relay!(frame('2'));
    await settle();
    expect(tabs.map((t) => t.frames)).toEqual([[], ['refresh', '2'], ['refresh', '2']]);
  });

  it('ends when the visitor changes, while it leads and while it waits', async () => {
    const tabs = [new Tab(), new Tab(), new Tab()];
    await settle();
    tabs[1]!.visit.abort();
    await settle();
    expect(tabs.map((t) => t.hasEnded)).toEqual([false, true, false]);
    tabs[0]!.visit.abort();
    await settle();
    expect(tabs.map((t) => t.hasEnded)).toEqual([true, true, false]);
    expect(tabs.map((t) => !!t.relay)).toEqual([false, false, true]);
  });

  it('replaces a leader that does not answer', async () => {
    const tabs = [new Tab(), new Tab()];
    await settle();
    browser.suspended = 0; // the channel of the first tab
    await vi.advanceTimersByTimeAsync(31_000);
    expect(tabs.map((t) => !!t.relay)).toEqual([false, true]);
    expect(tabs[0]!.hasEnded).toBe(true);
  });

  it('keeps a leader that has nothing to relay', async () => {
    const tabs = [new Tab(), new Tab()];
    await vi.advanceTimersByTimeAsync(120_000);
    expect(tabs.map((t) => !!t.relay)).toEqual([true, false]);
  });

  it('does not replace the leader from a hidden tab', async () => {
    const tabs = [new Tab(), new Tab()];
    await settle();
    browser.suspended = 0;
    browser.document.hidden = true;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(tabs.map((t) => !!t.relay)).toEqual([true, false]);
  });

  it('gives the lead away when the page is left, and takes part again when it is shown again', async () => {
    const tabs = [new Tab()];
    await settle();
    browser.dispatchEvent(new Event('pagehide'));
    await settle();
    expect([!!tabs[0]!.relay, tabs[0]!.hasEnded]).toEqual([false, false]);
    browser.dispatchEvent(new Event('pageshow'));
    await settle();
    expect(tabs[0]!.hasEnded).toBe(true);
  });

  it.each([
    ['has no locks', () => vi.stubGlobal('navigator', {})],
    [
      'refuses locks',
      () => vi.stubGlobal('navigator', { locks: { request: async () => Promise.reject(new Error()) } }),
    ],
    ['has no channels', () => vi.stubGlobal('BroadcastChannel', undefined)],
  ])('lets each tab read if the browser %s', async (_, stub) => {
    stub();
    const tabs = [new Tab(), new Tab()];
    await settle();
    tabs[0]!.relay!(frame('1'));
    await settle();
    expect(tabs.map((t) => [!!t.relay, t.frames[0]])).toEqual([
      [true, '1'],
      [true, undefined],
    ]);
  });
});
