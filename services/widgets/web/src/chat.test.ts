import { describe, expect, it } from 'vitest';
import {
  SESSIONS,
  OPEN,
  newChat,
  newsOf,
  news,
  page,
  refused,
  saved,
  server,
  session,
  settle,
  startedChat,
  texts,
} from './fakechat';
import { agentMessage, conversation, message } from './fakes';
import { SavedState } from './storage';

describe('tabs', () => {
  it('drops a message that another tab has sent', async () => {
    saved.addDraft({ id: 'a', content: 'A' });
    server.on(SESSIONS, session()).on(OPEN, new Error('network'));
    const chat = newChat();
    await chat.start();
    await settle();
    expect(texts(chat)).toEqual(['A: sending']);
    server.on(OPEN, () => new Promise(() => {}));
    new SavedState('wgt_a').removeDraft('a');
    new SavedState('wgt_a').thread = 'con_a';
    server.on(news(0), newsOf([message(1)]));
    await settle();
    page.stored({ key: 'fivechat:wgt_a:thread' });
    await settle();
    expect(texts(chat).filter((t) => t.startsWith('text 1'))).toHaveLength(1);
  });

  it('ignores what other scripts store', async () => {
    server.on(SESSIONS, session());
    newChat();
    saved.setCredentials('vis_a', 'secret_a');
    page.stored({ key: 'analytics' });
    await settle();
    expect(server.bodies(SESSIONS)).toEqual([]);
  });

  /** otherTab stores something as another tab of the browser does. */
  const otherTab = async (store: (saved: SavedState) => void) => {
    store(new SavedState('wgt_a'));
    page.stored({ key: 'fivechat:wgt_a' });
    await settle();
  };

  it('shows the conversation that another tab has opened', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    expect(chat.conversation).toBe(null);
    server.on(news(0), newsOf([message(1), agentMessage(2)]));
    await otherTab((s) => (s.thread = 'con_a'));
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent']);
    expect(server.connections).toBe(1);
  });

  it('writes into the conversation that another tab has opened meanwhile', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    new SavedState('wgt_a').thread = 'con_a'; // the event has not arrived yet
    server
      .on(news(0), newsOf([message(1), message(2)]))
      .on(OPEN, { conversation: conversation(), message: message(2) });
    chat.send('mine');
    await settle();
    server.emit('ready', { resumed: false });
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'mine: sent']);
    expect(server.bodies(OPEN)).toMatchObject([{ content: 'mine', continue: true }]);
  });

  it('starts for the visitor of another tab, and forgets one that another tab has reset', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await otherTab((s) => s.setCredentials('vis_a', 'vsec_a'));
    expect(server.bodies(SESSIONS)).toHaveLength(1);
    server.on(news(0), newsOf([message(1)]));
    await otherTab((s) => (s.thread = 'con_a'));
    expect(texts(chat)).toEqual(['text 1: sent']);
    await otherTab((s) => s.forget());
    expect(texts(chat)).toEqual([]);
    expect(server.bodies(SESSIONS)).toHaveLength(1);
  });

  it('keeps the unsent messages of both', async () => {
    const other = new SavedState('wgt_a');
    saved.addDraft({ id: 'a', content: 'A' });
    other.addDraft({ id: 'b', content: 'B' });
    saved.addDraft({ id: 'c', content: 'C' });
    other.removeDraft('b');
    expect(new SavedState('wgt_a').outbox.map((d) => d.id)).toEqual(['a', 'c']);
  });
});

describe('a ticket', () => {
  it('is created, without the e-mail address if there is none', async () => {
    const chat = await startedChat();
    server.on('POST /internal/visitors/tickets', {});
    await chat.createTicket('A chart', '', 'Please.');
    expect(server.bodies('POST /internal/visitors/tickets')).toEqual([{ title: 'A chart', description: 'Please.' }]);
  });

  it('fails if the server refuses it', async () => {
    const chat = await startedChat();
    server.on('POST /internal/visitors/tickets', refused(422));
    await expect(chat.createTicket('A chart', 'x', '')).rejects.toThrow('422');
  });
});
