import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { storageOf } from './fakes';
import { ring } from './sound';

const locks = { request: (_name: string, f: () => Promise<void>) => f() };

beforeEach(() => {
  vi.stubGlobal('localStorage', storageOf());
  vi.stubGlobal('navigator', { locks });
  vi.stubGlobal('document', { hidden: false });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('ring', () => {
  it('plays once for a message and the ones before', async () => {
    const play = vi.fn(() => true);
    for (const id of [5, 5, 4, 6]) await ring('wgt_a', id, () => false, play);
    expect(play).toHaveBeenCalledTimes(2);
  });

  it('leaves the message to another tab if this one may not make a sound', async () => {
    const play = vi.fn(() => true);
    await ring(
      'wgt_a',
      5,
      () => false,
      () => false,
    );
    await ring('wgt_a', 5, () => false, play);
    expect(play).toHaveBeenCalledTimes(1);
  });

  it('is silent about a message that has been read', async () => {
    const play = vi.fn(() => true);
    await ring('wgt_a', 5, () => true, play);
    expect(play).not.toHaveBeenCalled();
  });

  it('waits in a hidden tab, and plays without locks', async () => {
    vi.useFakeTimers();
    vi.stubGlobal('document', { hidden: true });
    vi.stubGlobal('navigator', {});
    const play = vi.fn(() => true);
    const ringing = ring('wgt_a', 5, () => false, play);
    await vi.advanceTimersByTimeAsync(900);
    expect(play).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(play).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(300);
    await ringing;
  });

  it('keeps the lock until the other tabs can read that it has played', async () => {
    vi.useFakeTimers();
    let isReleased = false;
    const ringing = ring(
      'wgt_a',
      5,
      () => false,
      () => true,
    ).then(() => (isReleased = true));
    await vi.advanceTimersByTimeAsync(200);
    expect(isReleased).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await ringing;
  });
});
