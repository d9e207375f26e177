// The keys of the cache. Everything that the console knows of the server is under one of them.

/** Filter selects the rows of a list of tickets. An empty member selects all. */
export interface TicketFilter {
  status: string;
  priority: string;
  assignee: string;
  channel: string;
  tag: string;
  sort: string;
  search: string;
}

/** VisitorFilter selects the rows of a list of visitors. An empty member selects all. */
export interface VisitorFilter {
  view: string;
  sort: string;
  page: string;
  search: string;
}

export const keys = {
  website: ['website'] as const,
  me: ['me'] as const,
  notifications: ['notifications'] as const,
  users: ['users'] as const,
  teams: ['teams'] as const,
  tags: ['tags'] as const,
  statistics: ['statistics'] as const,
  counts: ['counts'] as const,
  connection: ['connection'] as const,
  lists: ['list'] as const,
  list: (name: string) => ['list', name] as const,
  row: (token: string) => ['row', token] as const,
  thread: (token: string) => ['thread', token] as const,
  notes: (token: string) => ['notes', token] as const,
  scheduled: (token: string, sendAt?: string, heldAt?: string | null) => ['scheduled', token, sendAt, heldAt] as const,
  notesAbout: (visitorToken: string) => ['notesAbout', visitorToken] as const,
  drafts: ['drafts'] as const,
  outbox: (token: string) => ['outbox', token] as const,
  files: (token: string) => ['files', token] as const,
  typing: (token: string) => ['typing', token] as const,
  viewers: (token: string) => ['viewers', token] as const,
  online: (visitorId: number) => ['online', visitorId] as const,
  workspace: ['workspace'] as const,
  replies: (search: string) => ['workspace', 'CANNED_REPLY', search] as const,
  savedViews: ['workspace', 'VIEW'] as const,
  macros: ['workspace', 'MACRO'] as const,
  tickets: ['tickets'] as const,
  ticketCounts: ['tickets', 'counts'] as const,
  ticketList: (filter: TicketFilter) => ['tickets', 'list', filter] as const,
  visitors: ['visitors'] as const,
  visitorCounts: ['visitors', 'counts'] as const,
  visitorLists: ['visitors', 'list'] as const,
  visitorList: (filter: VisitorFilter) => ['visitors', 'list', filter] as const,
  visitor: (token: string) => ['visitors', 'one', token] as const,
  visit: (visitorId: number) => ['visit', visitorId] as const,
  ticket: (id: string) => ['tickets', 'one', id] as const,
  ticketMail: (id: string) => ['tickets', 'one', id, 'mail'] as const,
  mailDetails: (id: string, mailId: string) => ['mailDetails', id, mailId] as const,
  report: (path: string) => ['report', path] as const,
  tokens: ['tokens'] as const,
  audit: (since: string) => ['audit', since] as const,
  webhooks: ['webhooks'] as const,
  webhook: (id: string) => ['webhooks', id] as const,
  delivery: (at: string) => ['delivery', at] as const,
  deliveries: (at: string, status: string) => ['webhooks', at, status] as const,
};
