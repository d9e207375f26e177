// The pages of the console and their paths. Each page is a file of its own in the build.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import type { TicketFilter, VisitorFilter } from './api/keys';
import { App } from './routes/App';
import { base } from './routes/arrival';
import { loaded } from './routes/load';
import { NotFound, PageFailure } from './routes/NotFound';
import { lastView } from './routes/inbox/views';
import { periodOf } from './routes/reports/period';

/** lazy is a component of a file of its own. */
const lazy: typeof lazyRouteComponent = (load, name) => lazyRouteComponent(() => loaded(load), name);

const root = createRootRoute({ component: App, notFoundComponent: NotFound });
const page = <P extends string>(path: P, load: () => Promise<{ Page: () => React.ReactNode }>) =>
  createRoute({ getParentRoute: () => root, path, component: lazy(load, 'Page') });

const inbox = createRoute({
  getParentRoute: () => root,
  path: '/inbox/$view',
  validateSearch: (values: Record<string, unknown>): { search?: string } =>
    values.search ? { search: String(values.search) } : {},
  beforeLoad: ({ params: { view } }) => {
    // The form of earlier addresses: the token without a view.
    if (view.startsWith('conv_')) throw redirect({ to: '/inbox/$view/$token', params: { view: 'all', token: view } });
  },
  component: lazy(() => import('./routes/inbox/InboxPage'), 'Page'),
});
const none = createRoute({
  getParentRoute: () => inbox,
  path: '/',
  component: lazy(() => import('./routes/inbox/InboxPage'), 'None'),
});
const conversation = createRoute({
  getParentRoute: () => inbox,
  path: '/$token',
  component: lazy(() => import('./routes/inbox/ConversationPage'), 'Page'),
});

const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

const tickets = createRoute({
  getParentRoute: () => root,
  path: '/tickets',
  validateSearch: (values: Record<string, unknown>): Partial<TicketFilter> => {
    const names: (keyof TicketFilter)[] = ['status', 'priority', 'assignee', 'channel', 'tag', 'sort', 'search'];
    return Object.fromEntries(names.map((name) => [name, text(values[name])]).filter(([, value]) => value));
  },
  component: lazy(() => import('./routes/tickets/TicketsPage'), 'Page'),
});
const newTicket = createRoute({
  getParentRoute: () => root,
  path: '/tickets/new',
  validateSearch: (values: Record<string, unknown>): { conversation?: string } =>
    values.conversation ? { conversation: text(values.conversation) } : {},
  component: lazy(() => import('./routes/tickets/NewTicketPage'), 'Page'),
});

const visitors = createRoute({
  getParentRoute: () => root,
  path: '/visitors',
  validateSearch: (values: Record<string, unknown>): Partial<VisitorFilter> & { visitor?: string } => {
    const names: (keyof VisitorFilter | 'visitor')[] = ['view', 'sort', 'page', 'search', 'visitor'];
    return Object.fromEntries(names.map((name) => [name, text(values[name])]).filter(([, value]) => value));
  },
  component: lazy(() => import('./routes/visitors/VisitorsPage'), 'Page'),
});

const reports = createRoute({
  getParentRoute: () => root,
  path: '/reports',
  validateSearch: periodOf,
  component: lazy(() => import('./routes/reports/ReportsPage'), 'Page'),
});

const tree = root.addChildren([
  page('/', () => import('./routes/home/HomePage')),
  createRoute({
    getParentRoute: () => root,
    path: '/inbox',
    beforeLoad: () => {
      throw redirect({ to: '/inbox/$view', params: { view: lastView() }, replace: true });
    },
  }),
  inbox.addChildren([none, conversation]),
  tickets,
  newTicket,
  visitors,
  reports,
  page('/tickets/$id', () => import('./routes/tickets/TicketPage')),
  page('/team', () => import('./routes/team/TeamPage')),
  page('/account', () => import('./routes/account/AccountPage')),
  page('/settings', () => import('./routes/settings/IndexPage')),
  page('/settings/replies', () => import('./routes/settings/RepliesPage')),
  page('/settings/macros', () => import('./routes/settings/MacrosPage')),
  page('/settings/widget', () => import('./routes/widget/WidgetPage')),
  page('/settings/install', () => import('./routes/widget/InstallPage')),
  page('/settings/assignment', () => import('./routes/settings/AssignmentPage')),
  page('/settings/targets', () => import('./routes/settings/TargetsPage')),
  page('/settings/teams', () => import('./routes/settings/TeamsPage')),
  page('/settings/notifications', () => import('./routes/settings/NotificationsPage')),
  page('/settings/mail', () => import('./routes/settings/MailPage')),
  page('/settings/privacy', () => import('./routes/settings/PrivacyPage')),
  page('/settings/tags', () => import('./routes/settings/TagsPage')),
  page('/settings/tokens', () => import('./routes/settings/TokensPage')),
  page('/settings/plan', () => import('./routes/website/PlanPage')),
  page('/settings/audit', () => import('./routes/website/AuditPage')),
  page('/settings/data', () => import('./routes/website/DataPage')),
  page('/settings/webhooks', () => import('./routes/webhooks/WebhooksPage')),
  page('/settings/webhooks/new', () => import('./routes/webhooks/NewWebhookPage')),
  page('/settings/webhooks/$id', () => import('./routes/webhooks/WebhookPage')),
  page('/new-website', () => import('./routes/gate/NewWebsitePage')),
  page('/gallery', () => import('./routes/gallery/GalleryPage')),
  // The app shows these itself: they need no session.
  ...(['/sign-up', '/invitation', '/reset'] as const).map((path) => createRoute({ getParentRoute: () => root, path })),
]);

export const router = createRouter({
  routeTree: tree,
  rewrite: {
    input: ({ url }) => {
      if (url.pathname === base || url.pathname.startsWith(base + '/'))
        url.pathname = url.pathname.slice(base.length) || '/';
      return url;
    },
    // The start page is /console: the gateway has no /console/.
    output: ({ url }) => {
      url.pathname = base + (url.pathname === '/' ? '' : url.pathname);
      return url;
    },
  },
  defaultPreload: 'intent',
  defaultErrorComponent: PageFailure,
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
