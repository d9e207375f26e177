import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../../libs/web/sse';
import { SESSIONS, page, server, session, settle, startedChat } from './fakechat';
import { conversation } from './fakes';
import { refresh } from './share';

describe('a stream that tabs share', () => {
  it('resumes after the last event that another tab has relayed', async () => {
    page.share = (_name, ended, lead, receive) => {
      receive({ id: '7', event: 'typing', data: { data: {} } } as unknown as Frame);
      return lead(receive, ended);
    };
    await startedChat();
    expect(server.lastEventId).toBe('7');
  });

  it('belongs to the visitor', async () => {
    const names: string[] = [];
    page.share = (name, ended) => {
      names.push(name);
      return new Promise((resolve) => ended.addEventListener('abort', () => resolve()));
    };
    const chat = await startedChat();
    chat.reset();
    server.on(SESSIONS, session({ visitorToken: 'vis_b', conversation: conversation() }));
    await chat.start();
    await settle();
    expect(names).toEqual(['fivechat:vis_a', 'fivechat:vis_b']);
  });

  it('tells the other tabs to read the news if it breaks', async () => {
    const relayed: Frame[] = [];
    page.share = (_name, ended, lead, receive) =>
      lead((frame) => {
        relayed.push(frame);
        receive(frame);
      }, ended);
    await startedChat();
    server.breakStream();
    await settle();
    expect(relayed).toEqual([refresh]);
  });
});
