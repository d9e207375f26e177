// Addresses with which the console is opened: those of earlier versions, whose pages were fragments, the links of
// invitations and resets, and what a sign-in at a provider ended with.
import { Keep } from '../api/keep';

export const base = '/console';

const browser = new Keep('browser');

/** segment matches pages, tokens and ids. Other parts of a fragment count as empty: they could form other paths. */
const segment = /^[A-Za-z0-9_-]*$/;

/** secretPages have a secret, which stays in the fragment: a browser doesn't send it to a server. */
const secretPages = ['invitation', 'reset'];

/** Arrival is what a fragment asks for. */
export interface Arrival {
  /** to is the address in the console, without the base. */
  to: string;
  isSignedIn: boolean;
  /** problem is the code of a failed sign-in at a provider, or ''. */
  problem: string;
}

/** arrivalOf reads a fragment, or returns null if it isn't one of the console. */
export function arrivalOf(hash: string): Arrival | null {
  if (!hash.startsWith('#/')) return null;
  const [first = '', ...rest] = hash
    .slice(2)
    .split('/')
    .map((part) => (segment.test(part) ? part : ''));
  if (first === 'sign-in') return { to: '/', isSignedIn: false, problem: rest[0] || 'sign_in_failed' };
  if (first === 'signed-in') return { to: pageOf(rest), isSignedIn: true, problem: '' };
  return { to: pageOf([first, ...rest]), isSignedIn: false, problem: '' };
}

function pageOf([page = '', ...rest]: string[]): string {
  if (secretPages.includes(page)) return `/${page}#${rest[0] ?? ''}`;
  const end = rest.findIndex((part) => !part);
  return '/' + [page, ...(end < 0 ? rest : rest.slice(0, end))].filter(Boolean).join('/');
}

let signInProblem = '';

/** takeSignInProblem returns the code of a failed sign-in at a provider, once. */
export function takeSignInProblem(): string {
  const code = signInProblem;
  signInProblem = '';
  return code;
}

/** The browser keeps whether it may have a session: scripts can't see its cookie. */
export const mayBeSignedIn = () => browser.read('signedIn') === true || !!localStorage.getItem(formerKey);
const formerKey = 'fivechat:console:signed-in'; // of earlier versions

export function keepSignedIn(isSignedIn: boolean) {
  browser.write('signedIn', isSignedIn || null);
  localStorage.removeItem(formerKey);
}

/** arrive replaces the address that the page was opened with by the one of the page. */
export function arrive() {
  const arrival = location.pathname === base ? arrivalOf(location.hash) : null;
  if (!arrival) return;
  if (arrival.isSignedIn) keepSignedIn(true);
  signInProblem = arrival.problem;
  history.replaceState(null, '', base + (arrival.to === '/' ? '' : arrival.to));
}

/** followOldAddresses opens the page of an old address that is entered or clicked while the console is open. */
export function followOldAddresses(open: (to: string) => void) {
  addEventListener('hashchange', () => {
    const arrival = arrivalOf(location.hash);
    if (arrival) open(base + (arrival.to === '/' ? '' : arrival.to));
  });
}
