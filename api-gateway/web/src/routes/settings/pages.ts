// The pages of the settings: what the index lists, what leads from one to the next, and the palette.
import type { Key } from '../../texts';
import { isAdmin, type Role } from '../team/roles';

/** SettingsPath is the path of a page of the settings. */
export type SettingsPath =
  | '/account'
  | '/team'
  | '/settings/notifications'
  | '/settings/replies'
  | '/settings/macros'
  | '/settings/assignment'
  | '/settings/targets'
  | '/settings/teams'
  | '/settings/widget'
  | '/settings/install'
  | '/settings/mail'
  | '/settings/privacy'
  | '/settings/tags'
  | '/settings/tokens'
  | '/settings/webhooks'
  | '/settings/plan'
  | '/settings/audit'
  | '/settings/data';

interface SettingsPage {
  to: SettingsPath;
  label: Key;
  /** hint says in a line what a person does there. */
  hint: Key;
  isFor?: (role: Role) => boolean;
}

interface Group {
  label: Key;
  pages: SettingsPage[];
}

const groups: Group[] = [
  {
    label: 'forYou',
    pages: [
      { to: '/account', label: 'account', hint: 'accountHint' },
      { to: '/settings/notifications', label: 'notifications', hint: 'notificationsAbout' },
    ],
  },
  {
    label: 'forTeam',
    pages: [
      { to: '/team', label: 'team', hint: 'teamAbout', isFor: isAdmin },
      { to: '/settings/replies', label: 'cannedReplies', hint: 'cannedRepliesHint' },
      { to: '/settings/macros', label: 'macros', hint: 'macrosAbout' },
      { to: '/settings/tags', label: 'tags', hint: 'tagsAbout' },
      { to: '/settings/teams', label: 'teams', hint: 'teamsHint', isFor: isAdmin },
      { to: '/settings/assignment', label: 'assignment', hint: 'assignmentAbout', isFor: isAdmin },
      { to: '/settings/targets', label: 'targets', hint: 'targetsAbout', isFor: isAdmin },
    ],
  },
  {
    label: 'website',
    pages: [
      { to: '/settings/widget', label: 'widget', hint: 'widgetAbout', isFor: isAdmin },
      { to: '/settings/install', label: 'installation', hint: 'installationAbout', isFor: isAdmin },
      { to: '/settings/mail', label: 'email', hint: 'mailAbout', isFor: isAdmin },
      { to: '/settings/privacy', label: 'privacy', hint: 'privacyAbout', isFor: isAdmin },
    ],
  },
  {
    label: 'programs',
    pages: [
      { to: '/settings/tokens', label: 'apiTokens', hint: 'apiTokensAbout', isFor: isAdmin },
      { to: '/settings/webhooks', label: 'webhooks', hint: 'webhooksAbout', isFor: isAdmin },
    ],
  },
  {
    label: 'operation',
    pages: [
      { to: '/settings/plan', label: 'plan', hint: 'planAbout', isFor: isAdmin },
      { to: '/settings/data', label: 'data', hint: 'dataAbout', isFor: isAdmin },
      { to: '/settings/audit', label: 'audit', hint: 'auditAbout', isFor: (role) => role === 'owner' },
    ],
  },
];

const all = new Map(groups.flatMap((g) => g.pages.map((page) => [page.to, page])));

/** titleOf returns the title of a page. */
export const titleOf = (at: SettingsPath): Key => all.get(at)!.label;

/** mayOpen reports whether a role may use a page. */
export const mayOpen = (at: SettingsPath, role: Role) => all.get(at)!.isFor?.(role) ?? true;

/** pagesFor returns the groups of pages that a role may use. */
export const pagesFor = (role: Role): Group[] =>
  groups.map((g) => ({ ...g, pages: g.pages.filter(({ to }) => mayOpen(to, role)) })).filter((g) => g.pages.length);
