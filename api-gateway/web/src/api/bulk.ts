// Changes of several conversations at once.
import type { InboxChange, InboxChangeResults, InboxRow } from '../../../../libs/web/api';
import type { Api } from './client';

export type BulkChange = InboxChange['change'];

/** Changed says which conversations were changed, and why others weren't. */
export interface Changed {
  tokens: string[];
  failures: { token: string; reason: string }[];
}

const maxTokens = 100; // of one request

/** changeAll changes conversations. Each is changed completely or not at all. */
export async function changeAll(api: Api, tokens: string[], change: BulkChange): Promise<Changed> {
  const all: Changed = { tokens: [], failures: [] };
  for (let at = 0; at < tokens.length; at += maxTokens) {
    const body: InboxChange = { tokens: tokens.slice(at, at + maxTokens), change };
    const { data } = await api.call<InboxChangeResults>('PATCH', '/inbox', body, { key: crypto.randomUUID() });
    for (const { token, error } of data) {
      if (error) all.failures.push({ token, reason: error.message });
      else all.tokens.push(token);
    }
  }
  return all;
}

/** Undo are the changes that take another one back: rows that were equal before are changed together. */
export type Undo = { tokens: string[]; change: BulkChange }[];

/** undoOf returns what takes a change of rows back. rows are as they were before. */
export function undoOf(rows: InboxRow[], change: BulkChange): Undo {
  const groups = new Map<string, { tokens: string[]; change: BulkChange }>();
  for (const row of rows) {
    const former = formerOf(row, change);
    const name = JSON.stringify(former);
    const group = groups.get(name) ?? { tokens: [], change: former };
    group.tokens.push(row.conversation.token);
    groups.set(name, group);
  }
  return [...groups.values()].filter((g) => Object.keys(g.change).length > 0);
}

/** formerOf returns the change by which a row becomes what it was. */
function formerOf({ conversation, snoozedUntil, spam, teamId }: InboxRow, change: BulkChange): BulkChange {
  const { status, assigneeId, tags } = conversation;
  const added = change.addTags?.filter((tag) => !tags.includes(tag)) ?? [];
  const removed = change.removeTags?.filter((tag) => tags.includes(tag)) ?? [];
  return {
    ...(change.status !== undefined && { status }),
    ...(change.assigneeId !== undefined && { assigneeId }),
    ...(change.snoozedUntil !== undefined && { snoozedUntil }),
    ...(change.teamId !== undefined && { teamId }),
    ...(change.spam !== undefined && { spam, status }),
    ...(added.length > 0 && { removeTags: added }),
    ...(removed.length > 0 && { addTags: removed }),
  };
}
