import { describe, expect, it } from 'vitest';
import { arrivalOf } from './arrival';

describe('arrivalOf', () => {
  it.each([
    ['#/', '/'],
    ['#/inbox', '/inbox'],
    ['#/inbox/conv_1', '/inbox/conv_1'],
    ['#/tickets/7', '/tickets/7'],
    ['#/%zz/%', '/'],
    ['#/inbox/..%2Fusers%2F1', '/inbox'],
    ['#/inbox/../users/1', '/inbox'],
    ['#/invitation/SECRET', '/invitation#SECRET'],
    ['#/reset/SECRET', '/reset#SECRET'],
  ])('leads %s to %s', (hash, to) => {
    expect(arrivalOf(hash)).toEqual({ to, isSignedIn: false, problem: '' });
  });

  it('reads the end of a sign-in at a provider', () => {
    expect(arrivalOf('#/signed-in/inbox/conv_1')).toEqual({ to: '/inbox/conv_1', isSignedIn: true, problem: '' });
    expect(arrivalOf('#/signed-in')).toEqual({ to: '/', isSignedIn: true, problem: '' });
    expect(arrivalOf('#/sign-in/not_invited')).toEqual({ to: '/', isSignedIn: false, problem: 'not_invited' });
  });

  it.each(['', '#', '#SECRET', '#top'])('leaves %j alone', (hash) => {
    expect(arrivalOf(hash)).toBeNull();
  });
});
