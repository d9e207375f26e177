import { describe, expect, it, vi } from 'vitest';
import {
  SESSIONS,
  OPEN,
  newChat,
  newsOf,
  refused,
  saved,
  server,
  session,
  settle,
  startedChat,
  texts,
} from './fakechat';
import { agentMessage, conversation } from './fakes';

describe('identify', () => {
  it('is said by the next session if this one fails, unless the server refuses it', async () => {
    server.on(SESSIONS, new TypeError('network'), refused(403), session());
    const chat = newChat();
    await expect(chat.identify({ name: 'Vera' })).rejects.toThrow('network');
    await expect(chat.start()).rejects.toThrow('403');
    await chat.start();
    expect(server.bodies(SESSIONS).map((b) => b.name)).toEqual(['Vera', 'Vera', undefined]);
  });

  it('shortens the name to 100 characters and sends the other members as context', async () => {
    server.on(SESSIONS, session());
    await newChat().identify({ name: 'x'.repeat(101), plan: 'gold' });
    expect(server.bodies(SESSIONS)).toMatchObject([{ name: 'x'.repeat(100), context: { plan: 'gold' } }]);
  });

  it('sends no name if there is none', async () => {
    server.on(SESSIONS, session());
    await newChat().identify({ plan: 'gold' });
    expect(server.bodies(SESSIONS)[0]).not.toHaveProperty('name');
  });

  it('fails if the session fails, and does not block the next call', async () => {
    server.on(SESSIONS, session(), refused(503), session());
    const chat = newChat();
    await chat.start();
    await expect(chat.identify({ name: 'Vera' })).rejects.toThrow('503');
    await chat.identify({ name: 'Nils' });
    expect(server.bodies(SESSIONS)[2]).toMatchObject({ name: 'Nils' });
  });
});

describe('identify as a user of the website', () => {
  const claim = { userId: 7, email: 'v@customer.example', token: 'jwt', plan: 'gold' };

  it('sends the claim in the first session, and neither token nor hash as context', async () => {
    server.on(SESSIONS, session());
    await newChat().identify({ ...claim, userHash: 'abc' });
    expect(server.bodies(SESSIONS)).toMatchObject([
      { identity: { userId: '7', email: 'v@customer.example', token: 'jwt', userHash: 'abc' } },
    ]);
    expect(server.bodies(SESSIONS)[0]!.context).toEqual({
      page: 'https://shop.example/',
      userId: 7,
      email: 'v@customer.example',
      plan: 'gold',
    });
  });

  it('sends no claim without a user', async () => {
    server.on(SESSIONS, session());
    await newChat().identify({ email: 'v@customer.example', userId: null });
    expect(server.bodies(SESSIONS)[0]).not.toHaveProperty('identity');
  });

  it('keeps the visitor if the server refuses the claim', async () => {
    const chat = await startedChat();
    server.on(SESSIONS, refused(400));
    await expect(chat.identify(claim)).rejects.toThrow('400');
    expect([saved.visitor, texts(chat)]).toEqual(['vis_a', ['text 1: sent']]);
  });

  it('keeps the thread of the same person', async () => {
    const chat = await startedChat();
    await chat.identify(claim);
    expect(texts(chat)).toEqual(['text 1: sent']);
  });

  it('shows only the thread of the person that the server answers with', async () => {
    const heard = vi.fn();
    const chat = await startedChat(heard);
    saved.asked = true;
    saved.addDraft({ id: 'd1', content: 'of the last person' });
    const other = conversation({ token: 'con_b' });
    server
      .on(SESSIONS, session({ visitorToken: 'vis_b', visitorSecret: 'secret_b', conversation: other }))
      .on('GET /visitor/conversations/con_b/messages?after=0', newsOf([agentMessage(9)], { conversation: other }));
    await chat.identify(claim);
    expect([texts(chat), saved.visitor, saved.secret]).toEqual([['text 9: sent'], 'vis_b', 'secret_b']);
    expect([saved.outbox, saved.asked, heard.mock.calls]).toEqual([[], false, []]);
    await settle();
    expect(server.connections).toBe(2);
  });
});

describe('identify while a session begins', () => {
  it('is not lost with a session that is refused', async () => {
    server.on(SESSIONS, refused(403), session());
    const chat = newChat();
    const begun = chat.start();
    const identified = chat.identify({ token: 'signed' });
    await expect(begun).rejects.toThrow();
    await identified;
    expect(server.bodies(SESSIONS)[1]).toMatchObject({ identity: { token: 'signed' } });
    expect(chat.isUnavailable).toBe(false);
  });

  it('takes the unsent messages of the last person with it', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.start();
    server.on(
      SESSIONS,
      () => new Promise((resolve) => setTimeout(() => resolve(session({ visitorToken: 'vis_b' })), 50)),
    );
    chat.identify({ token: 'of another person' });
    chat.send('of the last person');
    await settle();
    expect(server.bodies(OPEN)).toEqual([]);
    expect([texts(chat), saved.outbox]).toEqual([[], []]);
  });
});

describe('addContext', () => {
  it('waits for the first session, beside what identify says', async () => {
    server.on(SESSIONS, session());
    const chat = newChat();
    await chat.addContext({ cart: 2 });
    expect(server.requests).toEqual([]);
    await chat.identify({ name: 'Vera', plan: 'gold' });
    const context = { page: 'https://shop.example/', cart: 2, plan: 'gold' };
    expect(server.bodies(SESSIONS)).toMatchObject([{ name: 'Vera', context }]);
  });

  it('is sent at once if there is a session', async () => {
    const chat = await startedChat();
    await chat.addContext({ cart: 3 });
    expect(server.bodies(SESSIONS)[1]!.context).toEqual({ cart: 3 });
  });
});
