import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('navigator', { languages: ['en'] });
const { providerProblem, returned } = await import('./providers');
const { texts } = await import('./texts');

describe('returned', () => {
  it('shows the view after a sign-in', () => {
    expect(returned('#/signed-in')).toEqual({ isSignedIn: true, view: '', problem: '' });
    expect(returned('#/signed-in/inbox/conv_1')).toEqual({ isSignedIn: true, view: '/inbox/conv_1', problem: '' });
    expect(returned('#/signed-in/../x?y')!.view).toBe('');
  });
  it('explains a failed sign-in', () => {
    expect(returned('#/sign-in/email_unverified')!.problem).toBe(texts.providerProblems.email_unverified);
    expect(returned('#/sign-in/constructor')!.problem).toBe(texts.providerProblems.sign_in_failed);
    expect(providerProblem('')).toBe(texts.providerProblems.sign_in_failed);
  });
  it('leaves other fragments alone', () => {
    for (const hash of ['', '#/', '#/inbox', '#/sign-inx', '#/signed-inx/a']) expect(returned(hash)).toBe(null);
  });
});
