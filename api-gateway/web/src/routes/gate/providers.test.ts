import { describe, expect, it } from 'vitest';
import { t } from '../../texts';
import { providerProblem, signInError } from './problems';
import { ApiError } from '../../api/client';

describe('providerProblem', () => {
  it('explains the codes that it knows, and has a text for all others', () => {
    expect(providerProblem('not_invited')).toBe(t('provider.not_invited'));
    for (const code of ['', 'unheard_of', 'toString', '__proto__']) {
      expect(providerProblem(code)).toBe(t('provider.sign_in_failed'));
    }
  });
});

describe('signInError', () => {
  it('explains the codes that it knows', () => {
    expect(signInError(new ApiError(401, 'credentials_invalid', ''))).toBe(t('wrongPassword'));
    expect(signInError(new ApiError(429, 'rate_limited', ''))).toBe(t('tooManyAttempts'));
    expect(signInError(new ApiError(400, 'toString', 'no'))).toBe(t('failed') + 'no');
    expect(signInError(new TypeError('fetch'))).toBe(t('away'));
  });
});
