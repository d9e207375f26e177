// The texts that the agent has begun to write. The browser keeps them at once, and the server keeps those of
// conversations for the person's other browsers.
import type { QueryClient } from '@tanstack/react-query';
import type { Draft, DraftKind, DraftList } from '../../../../libs/web/api';
import { path, type Api } from './client';
import type { Keep } from './keep';
import { keys } from './keys';

const maxDrafts = 50; // of one agent in one website, as on the server
const storeDelay = 1_000; // milliseconds from the last key until the server gets a text
const maxBytes = 16_384; // of a text that the server keeps
const kept = 'drafts';

/** Text is a text that isn't sent. */
interface Text {
  text: string;
  /** at is when it was changed, in milliseconds since 1970: by the server's clock once the server has it. */
  at: number;
  /** isStored says that the server has it. */
  isStored: boolean;
}

/** draftName names the draft of a conversation. A reply's name is its token. */
export const draftName = (token: string, kind: DraftKind) => (kind === 'note' ? 'note ' + token : token);

/** conversationOf returns the conversation of a name, or null for another draft, like that of a ticket. */
function conversationOf(name: string): { token: string; kind: DraftKind } | null {
  const [first = '', token] = name.split(' ');
  if (!token) return { token: first, kind: 'reply' };
  return first === 'note' ? { token, kind: 'note' } : null;
}

/** Drafts keeps a text under each name. The server has one draft of a conversation, the one that was changed last. */
export class Drafts {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>(); // by conversation token
  private queue: Promise<unknown> = Promise.resolve(); // one request after the other, in order

  constructor(
    private readonly api: Api,
    private readonly queries: QueryClient,
    private readonly keep: Keep,
    private readonly isWritable: boolean,
  ) {
    queries.setQueryDefaults(keys.drafts, { gcTime: Infinity });
    this.show(this.all());
  }

  private all(): Record<string, Text> {
    return this.keep.read<Record<string, Text>>(kept) ?? {};
  }

  /** show lists the replies that are begun, by conversation token. */
  private show(all: Record<string, Text>) {
    const texts = Object.entries(all).filter(([name]) => conversationOf(name)?.kind === 'reply');
    this.queries.setQueryData(keys.drafts, Object.fromEntries(texts.map(([name, { text }]) => [name, text])));
  }

  /** put keeps a text, or drops it if it is null. The ones that were changed longest ago are dropped. */
  private put(name: string, text: Text | null) {
    const { [name]: _, ...others } = this.all();
    const all = Object.fromEntries(Object.entries(text ? { ...others, [name]: text } : others).slice(-maxDrafts));
    this.keep.write(kept, all);
    this.show(all);
  }

  of(name: string): string {
    return this.all()[name]?.text ?? '';
  }

  /** set keeps the text of a name. The server gets it a second after the last change, and at once if it is empty. */
  set(name: string, text: string) {
    const before = this.all()[name];
    if ((before?.text ?? '') === text) return;
    this.put(name, text ? { text, at: Date.now(), isStored: false } : null);
    const of = conversationOf(name);
    if (!of || !this.isWritable) return;
    clearTimeout(this.timers.get(of.token));
    this.timers.set(
      of.token,
      setTimeout(() => this.store(name, of.token, of.kind), text ? storeDelay : 0),
    );
  }

  private store(name: string, token: string, kind: DraftKind) {
    const at = path`/conversations/${token}/draft`;
    const content = this.of(name);
    const request = async () => {
      if (!content.trim()) return this.api.call('DELETE', at);
      if (new TextEncoder().encode(content).length > maxBytes) return;
      const { updatedAt } = await this.api.call<Draft>('PUT', at, { content, kind });
      if (this.of(name) === content) this.put(name, { text: content, at: Date.parse(updatedAt!), isStored: true });
    };
    // A draft that the server refuses, or doesn't get, stays in this browser.
    this.queue = this.queue.then(request).catch(() => {});
  }

  /** start reads what the person's other browsers have left. */
  async start() {
    if (!this.isWritable) return;
    const { data } = await this.api.get<DraftList>('/drafts');
    const tokens = new Set(data.map((d) => d.conversationToken));
    for (const draft of data) this.merge(draft);
    // What the server had, and has no more, was sent or discarded elsewhere.
    for (const [name, { isStored }] of Object.entries(this.all())) {
      if (isStored && !tokens.has(conversationOf(name)?.token ?? '')) this.put(name, null);
    }
  }

  /** read reads the draft of a conversation again, and returns its texts: another browser may have changed it. */
  async read(token: string): Promise<Record<DraftKind, string>> {
    if (this.isWritable) this.merge(await this.api.get<Draft>(path`/conversations/${token}/draft`));
    return { reply: this.of(token), note: this.of(draftName(token, 'note')) };
  }

  /** merge takes a draft of the server, unless this browser has a later one. */
  private merge({ conversationToken: token, kind, content, updatedAt }: Draft) {
    if (!updatedAt) {
      for (const name of [token, draftName(token, 'note')]) if (this.all()[name]?.isStored) this.put(name, null);
      return;
    }
    const name = draftName(token, kind);
    const mine = this.all()[name];
    const at = Date.parse(updatedAt);
    if (!mine || mine.at < at) this.put(name, { text: content, at, isStored: true });
  }
}
