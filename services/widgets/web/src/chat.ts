// The chat without its looks: who the visitor is, what was said, what is still on its way.
import { pause, type Frame } from '../../../../libs/web/sse';
import { Api, Refusal } from './api';
import { Memory } from './memory';
import type {
  Agent,
  AgentPresence,
  Conversation,
  Message,
  News,
  OpenedConversation,
  Session,
} from '../../../../libs/web/api';
import type { Draft } from './types';

/** Line is a message as it is shown. */
export interface Line {
  key: string;
  id: number; // 0 until the server has it
  content: string;
  from: Message['senderType'];
  agent: number | null;
  state: 'sending' | 'failed' | 'sent' | 'read';
}

const heartbeat = 30_000; // milliseconds; who was not heard of for 60 s is offline
const typingPause = 3_000; // between two words that the visitor types
const typingLasts = 7_000; // an agent who said nothing more has stopped
export const maxBytes = 64 << 10;

const uuid = () =>
  crypto.randomUUID
    ? crypto.randomUUID()
    : Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('-');
const sleep = (ms: number) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, ms);
    addEventListener(
      'online',
      () => {
        clearTimeout(timer);
        done();
      },
      { once: true },
    );
  });

/** address is a page's without its fragment, and of its query only the parameters that are named: the rest may be secret. */
function address(of: string, named: string[]): string {
  if (!of) return '';
  const { origin, pathname, searchParams } = new URL(of);
  const told = new URLSearchParams([...searchParams].filter(([name]) => named.includes(name)));
  return origin + pathname + (told + '' && '?' + told);
}

export class Chat {
  lines: Line[] = [];
  agents = new Map<number, Agent>();
  conversation: Conversation | null = null;
  agentsOnline = true;
  typing = false;
  visible = false; // the messages are on the screen
  broken = false; // the last try to reach the server failed

  private last = 0; // the newest message that the server told of
  private event = ''; // the id of the newest event
  private sending = false;
  private held: Frame[] = []; // what came while a message was on its way: it may be that message
  private starting: Promise<void> | null = null;
  private telling: Promise<void> = Promise.resolve();
  private listening = false;
  private begun = false; // what came before was said on an earlier page
  private typed = 0;
  private typingTimer = 0;
  private failures = 0;

  constructor(
    private readonly api: Api,
    private readonly token: string,
    private readonly parameters: string[], // what may be told of the query of the page's address
    readonly memory: Memory,
    private readonly changed: () => void,
    private readonly heard: (content: string) => void,
  ) {}

  /** start makes the session, once, and goes on where an earlier page ended. */
  start(): Promise<void> {
    return (this.starting ||= this.begin().catch((err) => {
      this.starting = null;
      throw err;
    }));
  }

  private async begin() {
    const told = (of: string) => address(of, this.parameters);
    await this.session({
      context: {
        page: told(location.href),
        title: document.title,
        referrer: told(document.referrer),
        language: navigator.language,
      },
    });
    for (const d of this.memory.outbox) if (!this.lines.some((l) => l.key === d.id)) this.showDraft(d); // the visitor may have been quicker
    this.flush();
    if (this.conversation) {
      await this.sync();
      this.listen();
    }
    this.begun = true;
    setInterval(() => this.beat(), heartbeat);
  }

  /** session tells who the visitor is: one telling after the other, so that the last one counts. */
  session(more: { name?: string; context?: Record<string, unknown> }): Promise<void> {
    const told = this.telling.then(() => this.tell(more));
    this.telling = told.catch(() => {
      /* the next one goes on */
    });
    return told;
  }

  private async tell(more: { name?: string; context?: Record<string, unknown> }) {
    const { visitor, secret } = this.memory;
    const open = (proof: object) =>
      this.api.call<Session>('POST', '/visitor/sessions', {
        clientToken: this.token,
        ...(visitor && { visitorToken: visitor }),
        ...proof,
        ...more,
      });
    // A server of the version before secrets refuses the member.
    let made = await open({ visitorSecret: secret }).catch((err) =>
      err.status === 400 ? open({}) : Promise.reject(err),
    );
    if (made.visitorToken !== visitor && !secret && this.memory.secret)
      made = await open({ visitorSecret: this.memory.secret }); // another page was quicker
    this.memory.become(made.visitorToken, made.visitorSecret || this.memory.secret);
    this.agentsOnline = made.agentsOnline;
    if (made.conversation) this.conversation = made.conversation;
    this.changed();
  }

  private async beat() {
    if (document.hidden) return;
    try {
      this.agentsOnline = (await this.api.call<AgentPresence>('POST', '/visitor/heartbeat')).agentsOnline;
      this.changed();
    } catch {
      /* the next one tells */
    }
  }

  /** say sends a message; it is on the screen, and kept, before the server has it. It says whether there is room for it. */
  say(content: string): boolean {
    const d: Draft = { id: uuid(), content };
    if (!this.memory.put(d)) return false;
    this.typed = 0;
    this.showDraft(d);
    this.flush();
    return true;
  }

  retry(line: Line) {
    line.state = 'sending';
    this.failures = 0;
    this.changed();
    this.flush();
  }

  /** flush sends what is on its way, one message after the other, until all is sent or has been refused. */
  private async flush() {
    if (this.sending) return;
    this.sending = true;
    for (
      let d: Draft | undefined;
      (d = this.memory.outbox.find((o) => this.lines.some((l) => l.key === o.id && l.state === 'sending')));
    ) {
      const line = this.lines.find((l) => l.key === d!.id)!;
      try {
        await this.start();
        const m = await this.deliver(d);
        this.failures = 0;
        this.broken = false;
        this.memory.drop(d.id);
        if (this.lines.some((l) => l.id === m.id))
          this.lines = this.lines.filter((l) => l !== line); // another page had sent it
        else Object.assign(line, { id: m.id, state: 'sent' });
      } catch (err) {
        const status = err instanceof Refusal ? err.status : 0;
        if (status === 401) {
          // unknown by now: begin again
          this.memory.become('', '');
          this.conversation = null;
          this.starting = null;
        } else if (status === 404) this.conversation = null;
        else if (status >= 400 && status < 500 && status !== 408 && status !== 429) line.state = 'failed';
        if (line.state === 'sending') {
          this.broken = true;
          this.changed();
          await sleep(pause(this.failures++));
        }
      }
      this.changed();
    }
    this.sending = false;
    for (const f of this.held.splice(0)) this.happened(f);
    this.listen();
  }

  private async deliver(d: Draft): Promise<Message> {
    const body = { content: d.content, clientMessageId: d.id };
    if (this.conversation)
      return this.api.call('POST', `/visitor/conversations/${this.conversation.token}/messages`, body);
    const made = await this.api.call<OpenedConversation>('POST', '/visitor/conversations', body);
    this.conversation = made.conversation;
    return made.message;
  }

  /** sync reads what is new. */
  async sync() {
    for (let more = !!this.conversation; more;) {
      const news = await this.api.call<News>(
        'GET',
        `/visitor/conversations/${this.conversation!.token}/messages?after=${this.last}`,
      );
      for (const a of news.users) this.agents.set(a.id, a);
      for (const m of news.messages) this.take(m);
      this.conversation = news.conversation;
      more = news.hasMore;
    }
    this.changed();
    this.markRead();
  }

  /** listen hears what happens, for as long as the page lives. */
  private async listen() {
    if (this.listening || !this.conversation) return;
    this.listening = true;
    for (let failures = 0; ;) {
      try {
        await this.api.stream(this.event, new AbortController().signal, (f) => {
          failures = 0;
          this.happened(f);
        });
      } catch {
        /* it is tried again */
      }
      await sleep(pause(failures++));
      await this.sync().catch(() => {
        /* the next stream tells */
      }); // also where no stream ever comes through
    }
  }

  private happened(f: Frame) {
    if (f.id) this.event = f.id;
    const data = f.data && f.data.data;
    switch (f.event) {
      case 'ready':
        if (!f.data.resumed)
          this.sync().catch(() => {
            /* the next stream tells */
          });
        return;
      case 'message.created':
        if (!this.mine(data)) return;
        if (this.sending && data.message.senderType === 'VISITOR') {
          this.held.push(f);
          return;
        }
        this.conversation = data.conversation;
        if (this.take(data.message) && data.message.senderType === 'USER') {
          this.setTyping(false);
          if (!this.agents.has(data.message.userId)) this.meet();
        }
        this.markRead();
        break;
      case 'conversation.updated':
      case 'conversation.rated':
        if (!this.mine(data)) return;
        this.conversation = data.conversation;
        break;
      case 'conversation.read':
        if (!this.mine(data) || data.reader !== 'USER') return;
        for (const l of this.lines) if (l.state === 'sent' && l.from === 'VISITOR') l.state = 'read';
        break;
      case 'typing':
        if (data.sender !== 'USER' || data.conversationToken !== this.conversation?.token) return;
        this.setTyping(data.typing);
        break;
    }
    this.changed();
  }

  private mine(data: any): boolean {
    return data.conversation.token === this.conversation?.token;
  }

  /** meet asks who an agent is. */
  private meet() {
    this.api
      .call<News>(
        'GET',
        `/visitor/conversations/${this.conversation!.token}/messages?after=${Math.max(0, this.last - 1)}`,
      )
      .then(
        (news) => {
          for (const a of news.users) this.agents.set(a.id, a);
          this.changed();
        },
        () => {
          /* they stay nameless */
        },
      );
  }

  /** take shows a stored message, once, and says whether it is new. */
  private take(m: Message): boolean {
    this.last = Math.max(this.last, m.id);
    const there = this.lines.find((l) => l.id === m.id);
    const state = m.read ? 'read' : 'sent';
    if (there) {
      there.state = state;
      return false;
    }
    this.show({ key: 'm' + m.id, id: m.id, content: m.content, from: m.senderType, agent: m.userId, state });
    if (this.begun && m.senderType === 'USER') this.heard(m.content);
    return true;
  }

  /** show puts a line in its place: stored ones in their order, then what is on its way. */
  private show(line: Line) {
    const at = line.id ? this.lines.findIndex((l) => !l.id || l.id > line.id) : -1;
    this.lines.splice(at < 0 ? this.lines.length : at, 0, line);
    this.changed();
  }

  private showDraft(d: Draft) {
    this.show({ key: d.id, id: 0, content: d.content, from: 'VISITOR', agent: null, state: 'sending' });
  }

  get unread(): number {
    return this.lines.filter((l) => l.from === 'USER' && l.state === 'sent').length;
  }

  /** markRead tells that the visitor has seen what agents wrote. */
  markRead() {
    if (!this.visible || document.hidden || !this.conversation || !this.unread) return;
    for (const l of this.lines) if (l.from === 'USER') l.state = 'read';
    this.changed();
    this.api.call('POST', `/visitor/conversations/${this.conversation.token}/read`).catch(() => {
      /* it is read all the same */
    });
  }

  private setTyping(on: boolean) {
    clearTimeout(this.typingTimer);
    this.typing = on;
    if (on)
      this.typingTimer = window.setTimeout(() => {
        this.typing = false;
        this.changed();
      }, typingLasts);
  }

  /** types tells that the visitor types, or has stopped. */
  types(on: boolean) {
    const now = Date.now();
    if (!this.conversation || (on ? now - this.typed < typingPause : !this.typed)) return;
    this.typed = on ? now : 0;
    this.api.call('POST', `/visitor/conversations/${this.conversation.token}/typing`, { typing: on }).catch(() => {
      /* it is over */
    });
  }

  async rate(rating: number, feedback: string) {
    this.conversation = await this.api.call<Conversation>('POST', `/conversations/${this.conversation!.token}/rate`, {
      rating,
      ...(feedback && { feedback }),
    });
    this.changed();
  }

  async ticket(title: string, email: string, description: string) {
    await this.start();
    await this.api.call('POST', '/internal/visitors/tickets', { title, description, ...(email && { email }) });
  }

  /** anew leaves a conversation that has ended. */
  anew() {
    this.conversation = null;
    this.lines = [];
    this.last = 0;
    this.changed();
  }
}
