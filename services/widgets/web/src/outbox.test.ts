import { describe, expect, it, vi } from 'vitest';
import {
  SESSIONS,
  OPEN,
  POST,
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
import { conversation, message } from './fakes';
import { SavedState } from './storage';

describe('send', () => {
  it('sends the drafts of an earlier page', async () => {
    saved.addDraft({ id: 'd1', content: 'hello' });
    server
      .on(SESSIONS, session())
      .on(OPEN, { conversation: conversation(), message: message(5, { content: 'hello' }) });
    const chat = newChat();
    await chat.start();
    await settle();
    expect(texts(chat)).toEqual(['hello: sent']);
    expect(saved.outbox).toEqual([]);
  });

  it('sends the drafts of an earlier page first, also if this page has no session yet', async () => {
    saved.addDraft({ id: 'd1', content: 'one' });
    server
      .on(SESSIONS, new TypeError('network'), session())
      .on(OPEN, { conversation: conversation(), message: message(1) })
      .on(POST, message(2));
    const chat = newChat();
    await expect(chat.start()).rejects.toThrow('network');
    chat.send('two');
    await settle();
    expect(texts(chat)).toEqual(['one: sent', 'two: sent']);
  });

  it('goes again to the conversation of the first attempt, which may know it', async () => {
    const chat = await startedChat();
    let isBroken = true;
    server.on(POST, () => (isBroken ? new TypeError('network') : message(2)));
    server.on(news(0), newsOf([message(1), message(2)], { conversation: conversation({ status: 'CLOSED' }) }));
    chat.send('one');
    await vi.advanceTimersByTimeAsync(0);
    chat.leaveConversation();
    isBroken = false;
    await settle();
    expect([texts(chat), saved.thread]).toEqual([['text 1: sent', 'text 2: sent'], 'con_a']);
    expect(server.bodies(OPEN)).toEqual([]);
  });

  it('opens again if the first attempt may have opened a conversation, whatever is shown meanwhile', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    const ended = conversation({ token: 'con_b', status: 'CLOSED' });
    server
      .on(news(0), newsOf([message(9)]))
      .on(OPEN, new TypeError('network'), { conversation: ended, message: message(1) });
    chat.send('one');
    await vi.advanceTimersByTimeAsync(0);
    await chat.continueConversation('con_a');
    await settle();
    expect([server.bodies(OPEN).length, server.bodies(POST).length, saved.outbox]).toEqual([2, 0, []]);
    expect(texts(chat)).toEqual(['text 9: sent']);
  });

  it('is not shown twice if another tab has sent it meanwhile', async () => {
    const chat = await startedChat();
    server.on(POST, () => {
      new SavedState('wgt_a').removeDraft(saved.outbox[0]!.id);
      page.stored({ key: null });
      return new TypeError('network');
    });
    chat.send('one');
    await settle();
    server.emit('message.created', { conversation: conversation(), message: message(2) });
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent']);
  });

  it('is not shown in another conversation than its own', async () => {
    const chat = await startedChat();
    saved.addDraft({ id: 'd1', content: 'one' });
    saved.bindDraft(saved.outbox[0]!, 'con_b');
    server.on('POST /visitor/conversations/con_b/messages', message(2)).on(POST, message(3));
    chat.send('two');
    await settle();
    expect(server.bodies(POST)).toMatchObject([{ content: 'two' }]);
    expect(texts(chat)).toEqual(['text 1: sent', 'two: sent']);
  });

  it('opens a conversation with the first message and posts the next one into it', async () => {
    server
      .on(SESSIONS, session())
      .on(OPEN, { conversation: conversation(), message: message(1) })
      .on(POST, message(2));
    const chat = newChat();
    expect(chat.send('one')).toBe(true);
    expect(texts(chat)).toEqual(['one: sending']);
    await settle();
    chat.send('two');
    await settle();
    expect(texts(chat)).toEqual(['one: sent', 'two: sent']);
    expect(server.bodies(OPEN)[0]).toMatchObject({ content: 'one' });
    expect(saved.outbox).toEqual([]);
  });

  it('repeats a failed attempt with the same id', async () => {
    const chat = await startedChat();
    server.on(POST, refused(503), refused(429), new Error('network'), message(2));
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'one: sent']);
    expect(new Set(server.bodies(POST).map((b) => b.clientMessageId)).size).toBe(1);
    expect(chat.sendFailed).toBe(false);
  });

  it('reports that an attempt has failed', async () => {
    const chat = await startedChat();
    server.on(POST, refused(503));
    chat.send('one');
    await settle();
    expect(chat.sendFailed).toBe(true);
    expect(saved.outbox).toHaveLength(1);
  });

  it('gives up a message that the server refuses, until the visitor retries it', async () => {
    const chat = await startedChat();
    server.on(POST, refused(422), message(2));
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'one: failed']);
    chat.retry(chat.messages[1]!);
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'one: sent']);
  });

  it('says that the chat is unavailable while the team blocks the visitor', async () => {
    const chat = await startedChat();
    server.on(POST, refused(403), message(2));
    chat.send('one');
    await settle();
    expect([chat.isUnavailable, ...texts(chat)]).toEqual([true, 'text 1: sent', 'one: failed']);
    chat.retry(chat.messages[1]!);
    await settle();
    expect([chat.isUnavailable, ...texts(chat)]).toEqual([false, 'text 1: sent', 'one: sent']);
  });

  it('sends the messages after a refused one', async () => {
    const chat = await startedChat();
    server.on(POST, refused(422), message(2));
    chat.send('one');
    chat.send('two');
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'two: sent', 'one: failed']);
  });

  it('opens a new conversation if the server does not know the old one', async () => {
    const chat = await startedChat();
    server.on(POST, refused(404)).on(OPEN, { conversation: conversation({ token: 'con_b' }), message: message(2) });
    chat.send('one');
    await settle();
    expect(chat.conversation!.token).toBe('con_b');
  });

  it('refuses a message if the outbox is full', async () => {
    server.on(SESSIONS, refused(503));
    const chat = newChat();
    for (let n = 0; n < 50; n++) expect(chat.send('text')).toBe(true);
    expect(chat.send('one too many')).toBe(false);
    expect(chat.messages).toHaveLength(50);
  });

  it('shows a message once if another page has sent it', async () => {
    const chat = await startedChat();
    server.on(POST, message(1));
    chat.send('one');
    await settle();
    expect(chat.messages.map((m) => m.id)).toEqual([1]);
  });

  it('shows a message once if its event arrives before the response', async () => {
    const chat = await startedChat();
    const own = message(2, { content: 'one' });
    server.on(POST, () => {
      server.emit('message.created', { conversation: conversation(), message: own });
      expect(texts(chat)).toEqual(['text 1: sent', 'one: sending']);
      return own;
    });
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'one: sent']);
  });

  it('shows a message of another page that arrives during the request', async () => {
    const chat = await startedChat();
    server.on(POST, () => {
      server.emit('message.created', { conversation: conversation(), message: message(2) });
      return message(3, { content: 'one' });
    });
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['text 1: sent', 'text 2: sent', 'one: sent']);
  });
});

describe('a session that replaces the secret', () => {
  it('is waited for by messages', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    let used = '';
    const later = { ...session(), visitorSecret: 'vsec_new' };
    server.on(SESSIONS, () => new Promise((resolve) => setTimeout(() => resolve(later), 50)));
    server.on(OPEN, () => {
      used = saved.secret;
      return { conversation: conversation(), message: message(1) };
    });
    chat.identify({ token: 'signed' });
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['one: sent']);
    expect(used).toBe('vsec_new');
  });

  it('makes a refused message repeat with the new secret', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    const { visitor } = saved;
    server.on(
      OPEN,
      () => {
        new SavedState('wgt_a').setCredentials(visitor, 'vsec_other_tab');
        throw refused(401);
      },
      { conversation: conversation(), message: message(1) },
    );
    chat.send('one');
    await settle();
    expect(texts(chat)).toEqual(['one: sent']);
    expect([saved.visitor, saved.secret]).toEqual([visitor, 'vsec_other_tab']);
    expect(server.bodies(SESSIONS)).toHaveLength(1);
  });
});
