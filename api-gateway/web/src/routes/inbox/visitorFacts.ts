// The facts about a visitor.
import type { Visitor } from '../../../../../libs/web/api';

export interface VisitorFacts {
  /** user is the website's name of the visitor; '' if unknown. */
  user: string;
  /** isVerified reports whether the website has signed it. Otherwise only the page says so. */
  isVerified: boolean;
  place: string;
  ip: string;
  /** page is the address of the visitor's page, and its title; '' if unknown. */
  page: string;
  pageTitle: string;
  context: [string, string][];
}

/** visitorFacts reads what is known about a visitor. A context that isn't a JSON object counts as empty. */
export function visitorFacts(visitor: Visitor | null): VisitorFacts {
  let context: [string, unknown][] = [];
  try {
    context = Object.entries(JSON.parse(visitor?.context || '{}') as object);
  } catch {
    // The context is malformed.
  }
  const textOf = (name: string) => {
    const value = context.find(([other]) => other === name)?.[1];
    return typeof value === 'string' ? value : '';
  };
  const page = textOf('page');
  const shown = page ? ['page', 'title'] : [];
  const { userId, name, email, verified } = visitor?.identity || {};
  return {
    user: [userId, name, email].filter(Boolean).join(' · '),
    isVerified: !!verified,
    place: [visitor?.city, visitor?.country].filter(Boolean).join(' '),
    ip: visitor?.ip || '',
    page,
    pageTitle: page && textOf('title'),
    context: context
      .filter(([name, value]) => value !== '' && !shown.includes(name))
      .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  };
}
