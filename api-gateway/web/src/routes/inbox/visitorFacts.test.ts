import { describe, expect, it } from 'vitest';
import type { Visitor } from '../../../../../libs/web/api';
import { visitorFacts } from './visitorFacts';

describe('visitorFacts', () => {
  it('shows the place, the address and the context', () => {
    const context = JSON.stringify({ plan: 'gold', order: 4711, empty: '' });
    expect(visitorFacts({ city: 'Bergen', country: 'NO', ip: '192.0.2.1', context } as Visitor)).toEqual({
      user: '',
      isVerified: false,
      place: 'Bergen NO',
      ip: '192.0.2.1',
      page: '',
      pageTitle: '',
      context: [
        ['plan', 'gold'],
        ['order', '4711'],
      ],
    });
  });

  it('shows the page apart from the context', () => {
    const context = JSON.stringify({ page: 'https://shop.example/atlas', title: 'Atlas', cart: 3 });
    const { page, pageTitle, context: rest } = visitorFacts({ context } as Visitor);
    expect([page, pageTitle, rest]).toEqual(['https://shop.example/atlas', 'Atlas', [['cart', '3']]]);
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
    expect(visitorFacts(null)).toEqual({
      user: '',
      isVerified: false,
      place: '',
      ip: '',
      page: '',
      pageTitle: '',
      context: [],
    });
  });
});
