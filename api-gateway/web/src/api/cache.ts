// The normalised cache: a row is stored once under its token, and lists hold tokens. Cache applies what the server says,
// and keeps what is newer than a response that was requested earlier.
import type { Query, QueryClient } from '@tanstack/react-query';
import type { InboxPage, InboxRow, Message, Thread, User } from '../../../../libs/web/api';
import { change } from './change';
import { isRefused, path, query, type Api } from './client';
import { keys } from './keys';
import { append, place, type ListSpec, type ListState } from './rows';
import { readThread, type ThreadState } from './thread';

const pageSize = 50; // rows
const maxReread = 200; // rows of a list that are read again at once; the list continues by its cursor
const maxArrivals = 500; // messages that are kept for responses in progress
const maxTouched = 5_000; // conversations
const maxRowReads = 3; // a row that changes during each read is used as it is
const maxMissedReads = 50; // rows that are read again at once
const visitorOnlineTime = 60_000; // milliseconds

interface Arrival {
  at: number;
  token: string;
  message: Message;
}

export class Cache {
  private sequence = 0; // of the changes that the console has applied
  private readonly touched = new Map<string, number>(); // the last change of a conversation
  private arrivals: Arrival[] = [];
  private readonly specs = new Map<string, ListSpec>();
  private readonly reads = new Map<string, Promise<InboxRow | null>>();
  private readonly missed = new Set<string>(); // tokens of rows that couldn't be read

  constructor(
    readonly queries: QueryClient,
    private readonly api: Api,
  ) {}

  get users(): User[] {
    return this.queries.getQueryData<User[]>(keys.users) ?? [];
  }

  row(token: string) {
    return this.queries.getQueryData<InboxRow>(keys.row(token));
  }

  thread(token: string) {
    return this.queries.getQueryData<ThreadState>(keys.thread(token));
  }

  list(name: string) {
    return this.queries.getQueryData<ListState>(keys.list(name));
  }

  /** touch notes a change, which responses that were requested before it don't replace. */
  touch(token: string): number {
    this.touched.delete(token); // the map is in the order of the changes
    this.touched.set(token, ++this.sequence);
    if (this.touched.size > maxTouched) this.touched.delete(this.touched.keys().next().value!);
    return this.sequence;
  }

  isTouchedSince(token: string, began: number) {
    return (this.touched.get(token) ?? 0) > began;
  }

  /** changeRow changes a row that the cache has, and its place in the lists. */
  changeRow(token: string, apply: (row: InboxRow) => InboxRow): InboxRow | undefined {
    const row = this.row(token);
    if (!row) return undefined;
    this.touch(token);
    const changed = apply(row);
    this.setRow(changed);
    return changed;
  }

  /** setRow stores a row and puts it into the lists to which it belongs. */
  setRow(row: InboxRow) {
    this.queries.setQueryData(keys.row(row.conversation.token), row);
    for (const spec of this.specs.values()) this.placeIn(spec, row);
  }

  private placeIn(spec: ListSpec, row: InboxRow) {
    const rowOf = (token: string) => this.row(token);
    change<ListState>(this.queries, keys.list(spec.name), (list) => place(list, spec, row, rowOf));
  }

  /** rowOfId returns the row of a conversation by its number. */
  rowOfId(id: number): InboxRow | undefined {
    const rows = this.queries.getQueriesData<InboxRow>({ queryKey: ['row'] });
    return rows.find(([, row]) => row?.conversation.id === id)?.[1];
  }

  /** hasUnread reports whether a row has unread messages. Reading them in another tab makes no stored event. */
  hasUnread(): boolean {
    return this.queries.getQueriesData<InboxRow>({ queryKey: ['row'] }).some(([, row]) => row?.unreadByMe);
  }

  /** forget removes a conversation that was erased. */
  forget(id: number) {
    const row = this.rowOfId(id);
    if (!row) return;
    const { token } = row.conversation;
    for (const { name } of this.specs.values()) {
      change<ListState>(this.queries, keys.list(name), (list) =>
        list.tokens.includes(token) ? { ...list, tokens: list.tokens.filter((t) => t !== token) } : list,
      );
    }
    this.touch(token);
    this.queries.removeQueries({ queryKey: keys.row(token) });
    this.queries.removeQueries({ queryKey: keys.thread(token) });
    this.queries.removeQueries({ queryKey: keys.notes(token) });
  }

  private keepRow(row: InboxRow, began: number) {
    const { token } = row.conversation;
    this.noteVisitor(row.visitor);
    if (this.isTouchedSince(token, began) && this.row(token)) return;
    this.queries.setQueryData(keys.row(token), row);
  }

  /** noteVisitor notes that a visitor is online, if a response says so. */
  private noteVisitor(visitor: InboxRow['visitor']) {
    if (visitor?.online) this.keepOnline(visitor.id, Date.now() + visitorOnlineTime);
  }

  /** keepOnline notes until when a visitor counts as online, in milliseconds since 1970. */
  keepOnline(visitorId: number, until: number) {
    this.queries.setQueryData<number>(keys.online(visitorId), (known) => Math.max(known ?? 0, until));
  }

  private async readPage(spec: ListSpec, cursor: string | null, signal?: AbortSignal): Promise<ListState> {
    const began = this.sequence;
    const values = { ...spec.query, limit: pageSize, cursor };
    const page = await this.api.get<InboxPage>('/inbox' + query(values), signal);
    for (const row of page.data) this.keepRow(row, began);
    const snippets = page.data.filter((r) => r.snippet).map((r) => [r.conversation.token, r.snippet]);
    return {
      tokens: page.data.map((r) => r.conversation.token),
      nextCursor: page.nextCursor,
      total: page.total,
      isAtLeast: page.totalRelation === 'gte',
      ...(snippets.length && { snippets: Object.fromEntries(snippets) }),
    };
  }

  /** readList reads a list from its begin, about as far as it was read before. */
  async readList(spec: ListSpec, signal?: AbortSignal): Promise<ListState> {
    this.specs.set(spec.name, spec);
    const began = this.sequence;
    const wanted = Math.min(this.list(spec.name)?.tokens.length ?? 0, maxReread);
    let list = await this.readPage(spec, null, signal);
    while (list.nextCursor && list.tokens.length < wanted) {
      list = append(list, await this.readPage(spec, list.nextCursor, signal));
    }
    // What happened meanwhile may be missing in the response, or outdated.
    for (const [token, at] of this.touched) {
      const row = at > began ? this.row(token) : undefined;
      if (row) list = place(list, spec, row, (t) => this.row(t));
    }
    return list;
  }

  /** readTimed reads the lists again that change with time alone: no event says that something has become overdue. */
  readTimed() {
    for (const { name, query } of this.specs.values())
      if (query.overdue) void this.queries.invalidateQueries({ queryKey: keys.list(name) });
  }

  /** readMore reads the next page of a list. It is dropped if the list was read again meanwhile. */
  async readMore(spec: ListSpec): Promise<void> {
    const { nextCursor } = this.list(spec.name) ?? {};
    if (!nextCursor) return;
    const page = await this.readPage(spec, nextCursor);
    change<ListState>(this.queries, keys.list(spec.name), (list) =>
      list.nextCursor === nextCursor ? append(list, page) : list,
    );
  }

  /** readRow reads one row, once for concurrent callers. It returns null if the row can't be read: see readMissed. */
  readRow(token: string): Promise<InboxRow | null> {
    const pending = this.reads.get(token) ?? this.fetchRow(token).finally(() => this.reads.delete(token));
    this.reads.set(token, pending);
    return pending;
  }

  private async fetchRow(token: string): Promise<InboxRow | null> {
    for (let reads = 1; ; reads++) {
      const began = this.sequence;
      const row = await this.api.get<InboxRow>(path`/inbox/${token}`).catch((err) => this.miss(token, err));
      if (!row) return null;
      this.missed.delete(token);
      if (this.isTouchedSince(token, began) && reads < maxRowReads) continue;
      this.noteVisitor(row.visitor);
      this.touch(token);
      this.setRow(row);
      return row;
    }
  }

  private miss(token: string, err: unknown): null {
    if (isRefused(err)) this.missed.delete(token);
    else if (this.missed.size < maxTouched) this.missed.add(token);
    return null;
  }

  /** readMissed reads what couldn't be read before: rows of events, and what is on the screen. */
  readMissed() {
    for (const token of [...this.missed].slice(0, maxMissedReads)) void this.readRow(token);
    const isWorthIt = ({ state }: Query) => !isRefused(state.error);
    void this.queries.refetchQueries({ type: 'active', stale: true, predicate: isWorthIt }, { cancelRefetch: false });
  }

  /** arrive notes a message for the threads that are being read. */
  arrive(token: string, message: Message) {
    this.arrivals.push({ at: this.touch(token), token, message });
    this.arrivals = this.arrivals.slice(-maxArrivals);
  }

  /** readThread reads a conversation with all its messages. */
  async readThread(token: string, signal?: AbortSignal): Promise<ThreadState> {
    const began = this.sequence;
    const at = path`/conversations/${token}`;
    const reading = this.api.getWithMessages<Thread>(at, signal);
    const [thread] = await Promise.all([reading, this.row(token) ?? this.readRow(token)]);
    const arrived = this.arrivals.filter((a) => a.token === token && a.at > began).map((a) => a.message);
    this.noteVisitor(thread.visitor);
    return readThread(thread, this.thread(token), arrived);
  }

  /** changeThread changes a thread that the cache has. */
  changeThread(token: string, apply: (state: ThreadState) => ThreadState) {
    change(this.queries, keys.thread(token), apply);
  }
}
