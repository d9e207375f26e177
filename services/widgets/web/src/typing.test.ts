import { describe, expect, it, vi } from 'vitest';
import { TYPING, newChat, server, startedChat } from './fakechat';

describe('reportTyping', () => {
  it('is sent at most every 3 seconds, and once at the end', async () => {
    const chat = await startedChat();
    chat.reportTyping(true);
    chat.reportTyping(true);
    await vi.advanceTimersByTimeAsync(3_000);
    chat.reportTyping(true);
    chat.reportTyping(false);
    chat.reportTyping(false);
    expect(server.bodies(TYPING).map((b) => b.typing)).toEqual([true, true, false]);
  });

  it('is not sent without a conversation', () => {
    newChat().reportTyping(true);
    expect(server.requests).toEqual([]);
  });
});
