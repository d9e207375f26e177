// Live follows the website's events and applies them to the cache. It also reports what the agent does: presence,
// looking, typing and reading.
import type { Query, QueryClient } from '@tanstack/react-query';
import { retryDelay, type Frame } from '../../../../libs/web/sse';
import type { Conversation, ConversationPatch, InboxRow, Message, Note, User, Visitor } from '../../../../libs/web/api';
import { t } from '../texts';
import { Cache } from './cache';
import { isRefused, path, type Api } from './client';
import { Drafts } from './drafts';
import { ReplyFiles } from './files';
import type { Keep } from './keep';
import { keys } from './keys';
import { applyNote, forgetNote } from './notes';
import { kindOf, Notifications, type NotificationKind } from './notifications';
import { Outbox, type Extras } from './outbox';
import { Presence } from './presence';
import { applyAside, applyConversation, applyMessage, takeBack } from './rows';
import { addMessage, assign, markReadBy } from './thread';
import { Viewers } from './viewers';

/** Page is the console's view of the browser. Tests replace it. */
export interface Page {
  isHidden(): boolean;
  /** notify shows a desktop notification if the browser allows it. */
  notify(title: string, text: string, conversationToken: string): void;
  /** ring plays a sound, in one tab of the browser. */
  ring(): void;
}

/** Typing says who types in a conversation, other than this agent. */
export interface Typing {
  visitor: boolean;
  /** agent is the user that types last, 0 for a program, or null. */
  agent: number | null;
}

// Milliseconds.
const heartbeatInterval = 30_000; // the server counts an agent as offline after 60 s
const typingInterval = 3_000; // between two reports that the agent is typing
const typingTimeout = 7_000; // typing is hidden if it isn't repeated; the server keeps it for 6 s
const figuresDelay = 2_000; // between two reads of the counts
const catchUpDelay = 2_000; // between two reads of the lists after a broken connection
const replayTime = 10_000; // in which the events of that time arrive
const disconnectedDelay = 2_000; // a shorter interruption isn't shown
const readyPatience = 1_000; // that the start waits for the stream: the lists are then read once

const ignore = () => {};
const noTyping: Typing = { visitor: false, agent: null };

export class Live {
  readonly cache: Cache;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  readonly files: ReplyFiles;
  readonly presence: Presence;
  private readonly notifications: Notifications;
  private readonly viewers: Viewers;
  openToken = ''; // of the conversation on the screen
  agent: User | null = null;
  private readonly typingTimers = new Map<string, ReturnType<typeof setTimeout>>();
  private lastEventId = '';
  private readonly abort = new AbortController();
  private connection = new AbortController(); // of the stream that is open
  private isAsleep = false;
  private catchUpTimer: ReturnType<typeof setTimeout> | undefined;
  private resumedAt = -Infinity; // milliseconds since 1970
  private statisticsTimer: ReturnType<typeof setTimeout> | null = null;
  private typingReportedAt = 0; // 0 if the server knows that the agent isn't typing
  private wakeUp: () => void = ignore;
  private onReady: () => void = ignore;
  private readonly unreported = new Set<string>(); // tokens of conversations that were read

  constructor(
    readonly api: Api,
    readonly queries: QueryClient,
    readonly userId: number, // the user that the person is in this website
    readonly isWritable: boolean,
    private readonly page: Page,
    readonly keep: Keep,
  ) {
    this.cache = new Cache(queries, api);
    this.outbox = new Outbox(api, this.cache, keep);
    this.drafts = new Drafts(api, queries, keep, isWritable);
    this.files = new ReplyFiles(api, queries);
    this.presence = new Presence(api, queries, userId, isWritable);
    this.viewers = new Viewers(api, queries, userId, isWritable);
    this.notifications = new Notifications(api, queries, page);
    queries.setQueryData(keys.connection, true);
  }

  /** start reads who the agent is and follows the events, until stop. */
  async start() {
    const ready = new Promise<void>((resolve) => (this.onReady = resolve));
    this.agent = await this.presence.read();
    if (this.abort.signal.aborted) return;
    this.presence.beat();
    void this.listen();
    this.outbox.resume();
    this.drafts.start().catch(ignore);
    const timer = setInterval(() => {
      this.presence.beat();
      if (!this.page.isHidden()) this.presence.read().catch(ignore); // no event says that an agent is offline
      this.look();
      this.cache.readMissed();
      this.cache.readTimed();
      this.refreshFigures();
    }, heartbeatInterval);
    this.abort.signal.addEventListener('abort', () => clearInterval(timer));
    let patience: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([ready, new Promise((resolve) => (patience = setTimeout(resolve, readyPatience)))]);
    clearTimeout(patience);
  }

  stop() {
    this.abort.abort();
    this.wakeUp();
    if (this.statisticsTimer !== null) clearTimeout(this.statisticsTimer);
    clearTimeout(this.catchUpTimer);
    for (const timer of this.typingTimers.values()) clearTimeout(timer);
    this.viewers.stop();
    this.files.stop();
  }

  /** wake connects at once if the connection was lost: the browser is back from sleep, or online again. */
  wake() {
    this.isAsleep = false;
    this.wakeUp();
  }

  /** sleep closes the connection until wake: the page is left, and the browser may keep it for the way back. */
  sleep() {
    this.isAsleep = true;
    this.connection.abort();
  }

  /** refresh reads everything again that is on the screen: after events were missed. */
  refresh() {
    if (this.openToken) void this.cache.readRow(this.openToken);
    return this.queries.invalidateQueries({ predicate: ({ queryKey: [kind] }) => !local.includes(kind as string) });
  }

  private refreshFigures() {
    for (const queryKey of [keys.statistics, keys.counts]) void this.queries.invalidateQueries({ queryKey });
  }

  private scheduleFigures() {
    if (this.statisticsTimer !== null) return;
    this.statisticsTimer = setTimeout(() => {
      this.statisticsTimer = null;
      this.refreshFigures();
    }, figuresDelay);
  }

  /**
   * catchUp reads the lists again after a broken connection, and again while the messages of that time arrive: no stored
   * event says what the agent has read in another tab meanwhile.
   */
  private catchUp(hasResumed: boolean) {
    const now = Date.now();
    if (hasResumed) this.resumedAt = now;
    if (now - this.resumedAt > replayTime) return;
    this.catchUpTimer ??= setTimeout(() => {
      this.catchUpTimer = undefined;
      if (this.cache.hasUnread()) void this.queries.invalidateQueries({ queryKey: keys.lists });
    }, catchUpDelay);
  }

  private async listen() {
    const { signal } = this.abort;
    let lostTimer: ReturnType<typeof setTimeout> | undefined;
    for (let failures = 0; !signal.aborted;) {
      try {
        this.connection = new AbortController();
        const either = AbortSignal.any([signal, this.connection.signal]);
        await this.api.stream(this.lastEventId, either, (frame) => {
          failures = 0;
          clearTimeout(lostTimer);
          lostTimer = undefined;
          this.queries.setQueryData(keys.connection, true);
          this.handle(frame);
        });
      } catch {
        // The stream is opened again.
      }
      if (signal.aborted) break;
      lostTimer ??= setTimeout(() => this.queries.setQueryData(keys.connection, false), disconnectedDelay);
      await this.rest(retryDelay(failures++));
    }
    clearTimeout(lostTimer);
  }

  /** rest waits for some milliseconds, or until the console should connect at once. */
  private async rest(delay: number) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.wakeUp = resolve;
      if (!this.isAsleep) timer = setTimeout(resolve, delay);
    });
    clearTimeout(timer);
    this.wakeUp = ignore;
  }

  private handle(frame: Frame) {
    if (frame.id) this.lastEventId = frame.id;
    switch (frame.event) {
      case 'ready':
        if (!frame.data.resumed) void this.refresh();
        else this.catchUp(true);
        this.cache.readMissed();
        this.outbox.resume();
        for (const token of this.unreported) this.reportRead(token);
        this.onReady();
        break;
      case 'message.created':
        this.receive(frame.data.data.conversation, frame.data.data.message, frame.data.at);
        this.catchUp(false);
        this.scheduleFigures();
        break;
      case 'conversation.read':
        this.readBy(frame.data.data.conversation.token, frame.data.data.reader);
        break;
      case 'conversation.opened':
        this.update(frame.data.data.conversation, frame.data.at);
        this.scheduleFigures();
        break;
      case 'conversation.updated':
        this.announceAssignment(frame.data.data.conversation, frame.data.data.assignedAutomatically);
        this.update(frame.data.data.conversation, frame.data.at);
        this.scheduleFigures();
        break;
      case 'conversation.rated': {
        const { conversation, feedback, ratedAt } = frame.data.data;
        this.update(conversation, frame.data.at);
        const rated = { feedback: feedback ?? null, ratedAt: ratedAt ?? frame.data.at };
        this.cache.changeRow(conversation.token, (row) => ({ ...row, ...rated }));
        break;
      }
      case 'inbox.updated': {
        const { conversation, snoozedUntil = null, spam, scheduledReply = null, teamId = null } = frame.data.data;
        const { responseDueAt = null, resolutionDueAt = null } = frame.data.data;
        const aside = { snoozedUntil, spam, scheduledReply, teamId, responseDueAt, resolutionDueAt };
        this.update(conversation, frame.data.at);
        this.cache.changeRow(conversation.token, (row) => ({ ...row, ...aside }));
        this.scheduleFigures();
        break;
      }
      case 'note.created':
      case 'note.updated':
        void this.note(frame.data.data.conversation, frame.data.data.note, frame.event === 'note.created');
        break;
      case 'note.deleted':
        this.forgetNote(frame.data.data.conversationId, frame.data.data.noteId);
        break;
      case 'visitor.note_created':
      case 'visitor.note_updated':
      case 'visitor.note_deleted':
        void this.queries.invalidateQueries({ queryKey: ['notesAbout'] }); // the event has no token of a visitor
        break;
      case 'conversation.erased':
        this.cache.forget(frame.data.data.conversationId);
        this.scheduleFigures();
        break;
      case 'conversations.imported':
        void this.queries.invalidateQueries({ queryKey: keys.lists });
        this.scheduleFigures();
        break;
      case 'workspace.changed':
        void this.queries.invalidateQueries({ queryKey: [...keys.workspace, frame.data.data.kind] });
        break;
      case 'visitor.updated':
      case 'visitor.blocked':
      case 'visitor.unblocked':
        this.refreshVisitor(frame.data.data.visitorId);
        break;
      case 'visitor.created':
        this.scheduleFigures();
        break;
      case 'inbox.read': {
        const { conversationToken, userId } = frame.data.data;
        if (userId === this.userId) this.cache.changeRow(conversationToken, (row) => ({ ...row, unreadByMe: 0 }));
        break;
      }
      case 'typing': {
        const { sender, conversationToken, typing, userId = 0 } = frame.data.data;
        if (sender === 'VISITOR') this.setTyping(conversationToken, { visitor: typing });
        else if (userId !== this.userId) this.setTyping(conversationToken, { agent: typing ? userId : null });
        break;
      }
      case 'inbox.viewed': {
        const { conversationToken, userId, viewing } = frame.data.data;
        this.viewers.receive(conversationToken, userId, viewing);
        break;
      }
      case 'user.presence':
        this.presence.note(frame.data.data.userId, frame.data.data.status);
        break;
      case 'visitor.online':
        this.cache.keepOnline(frame.data.data.visitorId, Date.parse(frame.data.data.until));
        break;
      case 'ticket.created':
      case 'ticket.updated':
      case 'ticket.deleted':
      case 'ticket.message_created':
        void this.queries.invalidateQueries({ queryKey: keys.tickets });
        break;
    }
  }

  /** refreshVisitor reads a visitor again, and the pages of their visit, if they are on the screen. */
  private refreshVisitor(visitorId: number) {
    const isOf = ({ state }: Query) => (state.data as Visitor | undefined)?.id === visitorId;
    void this.queries.invalidateQueries({ queryKey: keys.visit(visitorId) });
    void this.queries.invalidateQueries({ queryKey: [...keys.visitors, 'one'], predicate: isOf });
  }

  /** update replaces a conversation in all lists. A conversation that the cache doesn't have is read. */
  private update(conversation: Conversation, at: string) {
    const { token, status } = conversation;
    this.cache.touch(token);
    const previous = this.cache.row(token);
    if (!previous) {
      void this.cache.readRow(token);
      return;
    }
    this.applyUpdate(previous, conversation, at);
    // Only the server knows since when the visitor waits.
    if (status === 'OPEN' && previous.conversation.status === 'CLOSED') void this.cache.readRow(token);
  }

  private applyUpdate(previous: InboxRow, conversation: Conversation, at: string) {
    const { token, assigneeId } = conversation;
    const { users } = this.cache;
    this.cache.changeRow(token, (row) => applyConversation(row, conversation, users));
    const assignee = users.find((u) => u.id === assigneeId);
    if (!assignee || assigneeId === previous.conversation.assigneeId) return;
    this.cache.changeThread(token, (state) => assign(state, at, assignee.name));
  }

  private receive(conversation: Conversation, message: Message, at: string) {
    const { token } = conversation;
    const isFromVisitor = message.senderType === 'VISITOR';
    this.cache.arrive(token, message);
    this.cache.changeThread(token, (state) => addMessage(state, message));
    this.setTyping(token, isFromVisitor ? { visitor: false } : { agent: null });
    if (!this.cache.row(token)) {
      void this.cache.readRow(token).then((row) => {
        if (row && isFromVisitor) this.announceMessage(row, message);
      });
      return;
    }
    this.update(conversation, at);
    const row = this.cache.changeRow(token, (r) => applyMessage(r, message));
    if (!isFromVisitor || !row) return;
    this.announceMessage(row, message);
    this.markRead();
  }

  /** announce notifies of what isn't on the screen. */
  private announce(kind: NotificationKind, row: InboxRow, text: string) {
    const { token } = row.conversation;
    if (!this.page.isHidden() && this.openToken === token) return;
    void this.notifications.notify(kind, row.visitor?.name || '', text, token);
  }

  private announceMessage(row: InboxRow, message: Message) {
    if (!row.spam) this.announce(kindOf(row.conversation.assigneeId, this.userId), row, message.content);
  }

  /**
   * announceAssignment notifies that a conversation was assigned to this agent: by a rule, or by an agent while the page
   * is hidden. Otherwise it may be this agent who does it.
   */
  private announceAssignment({ token, assigneeId }: Conversation, isAutomatic = false) {
    const row = this.cache.row(token);
    if (!row || assigneeId !== this.userId || row.conversation.assigneeId === assigneeId) return;
    if (isAutomatic || this.page.isHidden()) this.announce('assigned', row, t('assignedToYou'));
  }

  /** note applies a private note that was written or changed. The row is read for the agents that it mentions. */
  private async note({ token }: Conversation, note: Note, isNew: boolean) {
    applyNote(this.queries, token, note);
    const row = await this.cache.readRow(token);
    if (!isNew || !row?.mentions.includes(this.userId) || note.authorId === this.userId) return;
    this.announce('mention', row, note.content);
  }

  private forgetNote(conversationId: number, noteId: number) {
    forgetNote(this.queries, noteId);
    const row = this.cache.rowOfId(conversationId);
    if (row) void this.cache.readRow(row.conversation.token);
  }

  /** endMention reports that the agent has seen that a note mentions them. */
  endMention(token: string) {
    if (!this.cache.row(token)?.mentions.includes(this.userId)) return;
    const others = (row: InboxRow) => ({ ...row, mentions: row.mentions.filter((id) => id !== this.userId) });
    this.cache.changeRow(token, others);
    this.api.call('DELETE', path`/conversations/${token}/mention`).catch(ignore);
  }

  private readBy(token: string, reader: Message['senderType']) {
    this.cache.changeThread(token, (state) => markReadBy(state, reader));
    if (reader === 'USER') this.cache.changeRow(token, (row) => ({ ...row, unread: 0 }));
  }

  /** setTyping notes that a side types or has stopped. Typing that isn't repeated is hidden. */
  private setTyping(token: string, change: Partial<Typing>) {
    const [side] = Object.keys(change) as (keyof Typing)[];
    const timer = `${side} ${token}`;
    clearTimeout(this.typingTimers.get(timer));
    this.typingTimers.delete(timer);
    this.queries.setQueryData<Typing>(keys.typing(token), (typing = noTyping) =>
      typing[side!] === change[side!] ? typing : { ...typing, ...change },
    );
    if (change[side!] === noTyping[side!]) return;
    const hide = () => this.setTyping(token, { [side!]: noTyping[side!] });
    this.typingTimers.set(timer, setTimeout(hide, typingTimeout));
  }

  /** open says which conversation is on the screen; '' for none. */
  open(token: string) {
    this.openToken = token;
    this.look();
    this.markRead();
  }

  /** look reports to the other agents which conversation is on the screen. A hidden page shows none. */
  look() {
    this.viewers.look(this.page.isHidden() ? '' : this.openToken);
  }

  /** markRead reports the visitor's messages as read if they are on the screen. */
  markRead() {
    const token = this.openToken;
    const row = this.cache.row(token);
    if (!(row?.unread || row?.unreadByMe) || !this.cache.thread(token) || this.page.isHidden() || !this.isWritable)
      return;
    this.readBy(token, 'USER');
    this.cache.changeRow(token, (r) => ({ ...r, unreadByMe: 0 }));
    this.reportRead(token);
  }

  /** reportRead reports a conversation as read, and again with the next connection if the server can't be reached. */
  private reportRead(token: string) {
    const done = () => this.unreported.delete(token);
    this.unreported.add(token);
    this.api.call('POST', path`/conversations/${token}/read`).then(done, (err) => isRefused(err) && done());
  }

  /** reply shows a message at once and sends it, unless another agent has written after the message ifLast. */
  reply(token: string, content: string, extras?: Extras) {
    this.typingReportedAt = 0;
    return this.outbox.reply(token, content, extras);
  }

  /** reportTyping reports to the visitor that the agent types or has stopped. It limits how often. */
  reportTyping(token: string, isTyping: boolean) {
    const now = Date.now();
    const isKnown = isTyping ? now - this.typingReportedAt < typingInterval : !this.typingReportedAt;
    if (!this.isWritable || isKnown) return;
    this.typingReportedAt = isTyping ? now : 0;
    this.api.call('POST', path`/conversations/${token}/typing`, { typing: isTyping }).catch(ignore);
  }

  /** patch shows a change at once. If the server refuses it, the row is again what it was, unless it changed since. */
  async patch(token: string, change: ConversationPatch) {
    const before = this.cache.row(token);
    const assignments = this.cache.thread(token)?.assignments ?? [];
    const now = new Date().toISOString();
    if (before) {
      const { snoozedUntil, spam, teamId, ...others } = change;
      const status = spam ? 'CLOSED' : before.conversation.status;
      this.applyUpdate(before, { ...before.conversation, status, ...others } as Conversation, now);
      this.cache.changeRow(token, (row) => applyAside(row, { snoozedUntil, spam, teamId }));
    }
    const began = this.cache.touch(token);
    try {
      const conversation = await this.api.call<Conversation>('PATCH', path`/conversations/${token}`, change);
      // An event that arrived meanwhile may be of a later change.
      if (this.cache.isTouchedSince(token, began)) await this.cache.readRow(token);
      else this.update(conversation, now);
    } catch (err) {
      const isTouched = this.cache.isTouchedSince(token, began);
      this.cache.changeThread(token, (state) => ({ ...state, assignments }));
      // Without a network the row can't be read. It is read when the network is back.
      if (before) this.cache.changeRow(token, (row) => takeBack(row, before));
      if (isTouched) void this.cache.readRow(token);
      throw err;
    }
  }
}

/** local names what the server doesn't have, or what the events keep up to date by themselves. */
const local = ['connection', 'drafts', 'outbox', 'files', 'typing', 'viewers', 'online', 'row'];
