// Why signing in failed, in words for the person.
import { ApiError } from '../../api/client';
import { t, type Key } from '../../texts';

const explained: Record<string, Key> = {
  credentials_invalid: 'wrongPassword',
  code_invalid: 'wrongCode',
  challenge_invalid: 'tookTooLong',
  passkey_invalid: 'passkeyFailed',
  email_taken: 'hasAccount',
  sign_up_closed: 'signUpClosed',
  too_many_websites: 'tooManyWebsites',
};

/** signInError explains to a person why signing in failed. */
export function signInError(err: unknown): string {
  if (!(err instanceof ApiError)) return t('away');
  const key = Object.hasOwn(explained, err.code) && explained[err.code];
  if (key) return t(key);
  if (err.status === 429) return t('tooManyAttempts');
  return t('failed') + err.message;
}

const providerProblems = [
  'sign_in_expired',
  'sign_in_denied',
  'provider_unavailable',
  'provider_response_invalid',
  'email_missing',
  'email_unverified',
  'email_domain_refused',
  'not_invited',
  'account_disabled',
  'email_taken',
  'sign_in_failed',
] as const;

/** providerProblem explains a code of a failed sign-in at a provider. */
export function providerProblem(code: string): string {
  const known = providerProblems.find((p) => p === code) ?? 'sign_in_failed';
  return t(`provider.${known}`);
}
