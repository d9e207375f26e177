// What a role may do.
import type { Membership } from '../../../../../libs/web/api';

export type Role = Membership['role'];

/** isAdmin reports whether a role may set up the website. */
export const isAdmin = (role: Role) => role === 'admin' || role === 'owner';
