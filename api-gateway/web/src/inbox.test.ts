import { describe, expect, it } from 'vitest';
import type { Visitor } from '../../../libs/web/api';
import { conversation, loaded, message } from './fakes';
import { groupByAssignee, visitorFacts } from './inbox';

const tokens = (conversations: { token: string }[]) => conversations.map((c) => c.token).join();

describe('groupByAssignee', () => {
  const all = [
    conversation('own', { assigneeId: 7 }),
    conversation('free', { assigneeId: null }),
    conversation('other', { assigneeId: 8 }),
  ];

  it('separates the agent’s own, the unassigned and the other ones', () => {
    const { own, unassigned, others } = groupByAssignee(all, new Map(), 7);
    expect([tokens(own), tokens(unassigned), tokens(others)]).toEqual(['own', 'free', 'other']);
  });

  it('has no own ones if no agent is chosen', () => {
    const { own, unassigned, others } = groupByAssignee(all, new Map());
    expect([tokens(own), tokens(unassigned), tokens(others)]).toEqual(['', 'free', 'own,other']);
  });

  it('puts the latest message first; without messages, the creation counts', () => {
    const threads = new Map([
      ['a', loaded('a', [message(1)])],
      ['b', loaded('b', [message(2)])],
    ]);
    const list = ['a', 'b']
      .map((t) => conversation(t))
      .concat(conversation('c', { createdAt: '2026-01-01T00:00:01.5Z' }));
    expect(tokens(groupByAssignee(list, threads).unassigned)).toBe('b,c,a');
  });
});

describe('visitorFacts', () => {
  it('shows the place, the address and the context', () => {
    const context = JSON.stringify({ plan: 'gold', order: 4711, empty: '' });
    expect(visitorFacts({ city: 'Bergen', country: 'NO', ip: '192.0.2.1', context } as Visitor)).toEqual({
      user: '',
      isVerified: false,
      place: 'Bergen NO',
      ip: '192.0.2.1',
      context: [
        ['plan', 'gold'],
        ['order', '4711'],
      ],
    });
  });

  it('tells a verified user from a claim', () => {
    const identity = { userId: '4711', email: 'vera@customer.example', name: 'Vera', verified: true };
    const { user, isVerified } = visitorFacts({ identity } as Visitor);
    expect([user, isVerified]).toEqual(['4711 · Vera · vera@customer.example', true]);
    const claim = visitorFacts({ identity: { userId: '5', email: null, name: null, verified: false } } as Visitor);
    expect([claim.user, claim.isVerified]).toEqual(['5', false]);
  });

  it.each(['', 'no JSON', 'null', '5'])('has no context if it is %j', (context) => {
    expect(visitorFacts({ city: null, country: null, ip: '', context } as Visitor).context).toEqual([]);
  });

  it('is empty if the visitor cannot be looked up', () => {
    expect(visitorFacts(null)).toEqual({ user: '', isVerified: false, place: '', ip: '', context: [] });
  });
});
