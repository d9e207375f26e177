// What the console knows, and how it changes: by what the agent does, and by what happens. Views read it and are told.
import { retryDelay, type Frame } from '../../../libs/web/sse';
import { Api, path, Refusal } from './api';
import type {
  Conversation,
  ConversationCounts,
  ConversationPage,
  Message,
  Statistics,
  Thread,
  User,
  UserPage,
  VisitorPage,
  Website,
} from '../../../libs/web/api';

const heartbeat = 30_000; // milliseconds; who was not heard of for 60 s is offline
const typingPause = 3_000;
const typingLasts = 7_000;
const mostRooms = 200; // conversations that are kept with all that was said
const previews = 15; // conversations whose last words are read ahead

/** Draft is a message on its way. */
export interface Draft {
  id: string;
  content: string;
  state: 'sending' | 'failed';
  error: string;
}

export interface Room {
  thread: Thread;
  drafts: Draft[];
  typing: boolean;
  typingTimer: number;
  joined: { at: string; name: string }[];
}

export class Store {
  rooms = new Map<string, Room>();
  conversations = new Map<string, Conversation>();
  users: User[] = [];
  presence = new Map<number, number>(); // until when a visitor is online, by number
  statistics: Statistics | null = null;
  counts: ConversationCounts | null = null;
  closed: Conversation[] | null = null; // the newest closed ones, once they have been asked for
  ticketsChanged = 0;
  tags: string[] = [];
  live = true;
  me: User | null = null;
  open = ''; // the token of the conversation on the screen
  private event = '';
  private readonly stop = new AbortController();
  private readonly watchers = new Set<() => void>();
  private refreshing = 0;
  private typed = 0;

  constructor(
    readonly api: Api,
    public website: Website,
    private readonly notify: (title: string, text: string, token: string) => void,
  ) {}

  get writable() {
    return this.website.level === 'READ_WRITE';
  }

  watch(f: () => void): () => void {
    this.watchers.add(f);
    return () => {
      this.watchers.delete(f);
    };
  }

  changed() {
    for (const f of this.watchers) f();
  }

  /** begin reads how things stand, and then hears what happens. */
  async begin() {
    this.users = (await this.api.get<UserPage>('/users?limit=100')).data;
    await this.refresh();
    if (this.stop.signal.aborted) return;
    this.listen();
    const beating = setInterval(() => {
      this.beat();
      this.recount();
      this.changed(); // times go by
    }, heartbeat);
    this.stop.signal.addEventListener('abort', () => clearInterval(beating));
  }

  end() {
    this.stop.abort();
  }

  choose(user: User) {
    this.me = user;
    localStorage.setItem('fivechat:console:agent:' + this.website.id, String(user.id));
    this.beat();
    this.changed();
  }

  remembered(): User | undefined {
    const id = Number(localStorage.getItem('fivechat:console:agent:' + this.website.id));
    return this.users.find((u) => u.id === id);
  }

  private beat() {
    if (this.me && this.writable)
      this.api.call('POST', path`/users/${this.me.id}/heartbeat`).catch(() => {
        /* the next one tells */
      });
  }

  /** refresh reads all anew: at first, and where events have been missed. */
  async refresh() {
    const [open, online, tags] = await Promise.all([
      this.api.get<ConversationPage>('/conversations?status=OPEN&limit=100'),
      this.api.get<VisitorPage>('/visitors?online=true&limit=100'),
      this.api.get<{ data: { name: string }[] }>('/tags'),
      this.recount(),
    ]);
    this.conversations = new Map(open.data.map((c) => [c.token, c]));
    for (const v of online.data) this.presence.set(v.id, Date.now() + 60_000);
    this.tags = tags.data.map((t) => t.name);
    this.closed = null;
    this.changed();
    await Promise.all(
      [...this.rooms.keys()].map((t) =>
        this.load(t).catch(() => {
          /* it is read when it is opened */
        }),
      ),
    );
    this.ahead(open.data.slice(0, previews).map((c) => c.token));
  }

  private async ahead(tokens: string[]) {
    for (const t of tokens)
      if (!this.stop.signal.aborted && !this.rooms.has(t))
        await this.load(t).catch(() => {
          /* it has no preview */
        });
  }

  /** recount reads the six figures and whether the widget was ever loaded. */
  async recount() {
    const midnight = new Date();
    midnight.setHours(0, 0, 0, 0);
    const [statistics, counts, website] = await Promise.all([
      this.api.get<Statistics>('/statistics/current'),
      this.api.get<ConversationCounts>('/conversations/counts?since=' + midnight.toISOString()),
      this.website.widgetLoadedAt ? this.website : this.api.get<Website>('/website'),
    ]).catch(() => [this.statistics, this.counts, this.website] as const);
    [this.statistics, this.counts, this.website] = [statistics, counts, website];
    this.changed();
  }

  private recountSoon() {
    if (this.refreshing) return;
    this.refreshing = window.setTimeout(() => {
      this.refreshing = 0;
      this.recount();
    }, 500);
  }

  private async listen() {
    for (let failures = 0; !this.stop.signal.aborted;) {
      try {
        await this.api.stream(this.event, this.stop.signal, (f) => {
          failures = 0;
          this.live = true;
          this.happened(f);
        });
      } catch {
        /* it is tried again */
      }
      const wait = setTimeout(() => {
        this.live = false;
        this.changed();
      }, 2_000);
      await new Promise((done) => setTimeout(done, retryDelay(failures++)));
      if (failures < 2) clearTimeout(wait);
    }
  }

  private happened(f: Frame) {
    if (f.id) this.event = f.id;
    if (f.event === 'ready') {
      if (!f.data.resumed)
        this.refresh().catch(() => {
          /* the next stream tells */
        });
      this.changed();
      return;
    }
    const d = f.data.data as any;
    if (d.conversation) this.noted(d.conversation, f.data.at);
    switch (f.event) {
      case 'message.created':
        this.said(d.conversation.token, d.message);
        this.recountSoon();
        break;
      case 'conversation.read': {
        const room = this.rooms.get(d.conversation.token);
        for (const m of room?.thread.messages || []) if (m.senderType !== d.reader) m.read = true;
        break;
      }
      case 'conversation.opened':
      case 'conversation.updated':
      case 'conversations.imported':
      case 'visitor.created':
        this.recountSoon();
        break;
      case 'typing':
        if (d.sender === 'VISITOR') this.types(d.conversationToken, d.typing);
        break;
      case 'visitor.online':
        this.presence.set(d.visitorId, Date.parse(d.until));
        break;
    }
    if (f.event.startsWith('ticket.')) this.ticketsChanged++;
    this.changed();
  }

  private noted(c: Conversation, at: string) {
    const room = this.rooms.get(c.token);
    const before = room?.thread.conversation.assigneeId;
    if (room && c.assigneeId && c.assigneeId !== before) {
      const joined = this.users.find((u) => u.id === c.assigneeId);
      if (joined) room.joined.push({ at, name: joined.name });
    }
    if (room) room.thread.conversation = c;
    if (c.status === 'OPEN') this.conversations.set(c.token, c);
    else this.conversations.delete(c.token);
    this.closed = this.closed && [
      ...(c.status === 'CLOSED' ? [c] : []),
      ...this.closed.filter((o) => o.token !== c.token),
    ];
  }

  private said(token: string, m: Message) {
    const room = this.rooms.get(token);
    if (!room) {
      this.load(token).then(
        () => {
          if (m.senderType === 'VISITOR') this.announce(token, m);
        },
        () => {
          /* it is read when it is opened */
        },
      );
      return;
    }
    if (!room.thread.messages.some((o) => o.id === m.id)) room.thread.messages.push(m);
    if (m.senderType !== 'VISITOR') return;
    this.types(token, false);
    this.announce(token, m);
    this.seen();
  }

  private announce(token: string, m: Message) {
    if (document.hidden || this.open !== token)
      this.notify(this.rooms.get(token)?.thread.visitor?.name || '', m.content, token);
  }

  private types(token: string, on: boolean) {
    const room = this.rooms.get(token);
    if (!room) return;
    clearTimeout(room.typingTimer);
    room.typing = on;
    if (on)
      room.typingTimer = window.setTimeout(() => {
        room.typing = false;
        this.changed();
      }, typingLasts);
  }

  /** load reads a conversation with all that is in it. */
  async load(token: string): Promise<Room> {
    const thread = await this.api.whole<Thread>(path`/conversations/${token}`);
    const old = this.rooms.get(token);
    const room: Room = { drafts: old?.drafts || [], typing: false, typingTimer: 0, joined: old?.joined || [], thread };
    this.rooms.delete(token);
    this.rooms.set(token, room);
    for (const t of this.rooms.keys()) {
      // the longest unread go first
      if (this.rooms.size <= mostRooms) break;
      if (t !== this.open && !this.rooms.get(t)!.drafts.length) this.rooms.delete(t);
    }
    this.changed();
    return room;
  }

  async show(token: string) {
    this.open = token;
    if (token && !this.rooms.has(token)) await this.load(token);
    this.seen();
    this.changed();
  }

  /** seen tells that the agent has read what is on the screen. */
  seen() {
    const room = this.rooms.get(this.open);
    if (!room || document.hidden || !this.writable || !this.unread(this.open)) return;
    for (const m of room.thread.messages) if (m.senderType === 'VISITOR') m.read = true;
    this.changed();
    this.api.call('POST', path`/conversations/${this.open}/read`).catch(() => {
      /* it is read all the same */
    });
  }

  unread(token: string): number {
    return this.rooms.get(token)?.thread.messages.filter((m) => m.senderType === 'VISITOR' && !m.read).length || 0;
  }

  get unreadAll(): number {
    let n = 0;
    for (const [t, c] of this.conversations) if (!c.assigneeId || c.assigneeId === this.me?.id) n += this.unread(t);
    return n;
  }

  online(visitorId: number): boolean {
    return (this.presence.get(visitorId) || 0) > Date.now();
  }

  /** reply sends a message. It is on the screen at once, and sent once however often it is tried. */
  reply(token: string, content: string) {
    const d: Draft = { id: crypto.randomUUID(), content, state: 'sending', error: '' };
    this.rooms.get(token)!.drafts.push(d);
    this.typed = 0;
    this.deliver(token, d);
  }

  async deliver(token: string, d: Draft) {
    const room = this.rooms.get(token)!;
    d.state = 'sending';
    this.changed();
    for (let failures = 0; ; failures++) {
      try {
        const m = await this.api.call<Message>('POST', path`/conversations/${token}/messages`, {
          content: d.content,
          authorId: this.me?.id,
          clientMessageId: d.id,
        });
        const now = this.rooms.get(token) || room;
        now.drafts = now.drafts.filter((o) => o !== d);
        if (!now.thread.messages.some((o) => o.id === m.id)) now.thread.messages.push(m);
        break;
      } catch (err) {
        const refused = err instanceof Refusal && err.status < 500 && err.status !== 429;
        if (refused || failures === 4) {
          d.state = 'failed';
          d.error = (err as Error).message;
          break;
        }
        await new Promise((done) => setTimeout(done, retryDelay(failures)));
      }
    }
    this.changed();
  }

  typing(token: string, on: boolean) {
    const now = Date.now();
    if (!this.writable || (on ? now - this.typed < typingPause : !this.typed)) return;
    this.typed = on ? now : 0;
    this.api.call('POST', path`/conversations/${token}/typing`, { typing: on }).catch(() => {
      /* it is over */
    });
  }

  async update(token: string, change: { status?: string; assigneeId?: number | null; tags?: string[] }) {
    const c = await this.api.call<Conversation>('PATCH', path`/conversations/${token}`, change);
    this.noted(c, new Date().toISOString());
    this.changed();
  }

  async showClosed() {
    this.closed = (await this.api.get<ConversationPage>('/conversations?status=CLOSED&limit=50')).data;
    this.changed();
    this.ahead(this.closed.slice(0, previews).map((c) => c.token));
  }
}
