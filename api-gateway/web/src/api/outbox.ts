// The agent's replies that the server doesn't have yet. They are kept in the browser until they are stored or discarded.
import type { Message } from '../../../../libs/web/api';
import { retryDelay } from '../../../../libs/web/sse';
import type { Cache } from './cache';
import { ApiError, isRefused, path, type Api } from './client';
import { keys } from './keys';
import type { Keep } from './keep';
import { addMessage, type Draft } from './thread';
import { applyMessage } from './rows';

const maxSendFailures = 5;
const maxKept = 100; // replies of one agent in one website
const keptPrefix = 'outbox:';

interface Kept {
  at: number; // milliseconds since 1970
  token: string;
  draft: Draft;
}

/** Extras are what a reply may have beside its text. */
export type Extras = Pick<Draft, 'files' | 'ifLast' | 'change'>;

/** Outbox sends each reply until it is stored, refused, or has failed too often. */
export class Outbox {
  private readonly replies = new Map<string, Draft[]>(); // by conversation token
  private readonly sending = new Set<string>(); // ids

  constructor(
    private readonly api: Api,
    private readonly cache: Cache,
    private readonly keep: Keep,
  ) {
    cache.queries.setQueryDefaults(['outbox'], { gcTime: Infinity });
    const kept = keep.names(keptPrefix).map((name) => keep.read<Kept>(name));
    for (const reply of kept.filter((k) => k !== null).sort((a, b) => a.at - b.at)) {
      this.set(reply.token, [...this.of(reply.token), reply.draft]);
    }
  }

  of(token: string): Draft[] {
    return this.replies.get(token) ?? [];
  }

  private set(token: string, drafts: Draft[]) {
    if (drafts.length) this.replies.set(token, drafts);
    else this.replies.delete(token);
    this.cache.queries.setQueryData(keys.outbox(token), drafts);
  }

  /** store keeps a reply under a name of its own: other tabs of the browser store theirs. */
  private store(token: string, draft: Draft) {
    const name = keptPrefix + draft.id;
    const { at = Date.now() } = this.keep.read<Kept>(name) ?? {};
    if (this.keep.names(keptPrefix).length < maxKept) this.keep.write(name, { at, token, draft });
  }

  private mark(token: string, id: string, fields: Partial<Draft>) {
    const drafts = this.of(token).map((d) => (d.id === id ? { ...d, ...fields } : d));
    this.set(token, drafts);
    const draft = drafts.find((d) => d.id === id);
    if (draft) this.store(token, draft);
  }

  /** reply shows a message at once and sends it. */
  reply(token: string, content: string, extras: Extras = {}): Promise<void> {
    const id = crypto.randomUUID();
    const draft: Draft = { id, content, state: 'sending', error: '', ...extras };
    this.set(token, [...this.of(token), draft]);
    this.store(token, draft);
    return this.deliver(token, draft.id);
  }

  /** discard removes a reply that couldn't be sent. */
  discard(token: string, id: string) {
    this.set(
      token,
      this.of(token).filter((d) => d.id !== id),
    );
    this.keep.write(keptPrefix + id, null);
  }

  /** resume sends what an earlier page, or a broken connection, has left. What the server refused stays. */
  resume() {
    for (const [token, drafts] of this.replies) {
      for (const { id, state, error } of drafts) if (state === 'sending' || !error) void this.deliver(token, id);
    }
  }

  /** insist sends a reply although another agent has written. */
  insist(token: string, id: string): Promise<void> {
    this.mark(token, id, { ifLast: 0 });
    return this.deliver(token, id);
  }

  /** deliver sends a reply with the same id in all attempts. */
  async deliver(token: string, id: string): Promise<void> {
    if (this.sending.has(id)) return;
    this.sending.add(id);
    this.mark(token, id, { state: 'sending', error: '', isOvertaken: false });
    for (let failures = 1; ; failures++) {
      try {
        await this.send(token, id);
        break;
      } catch (err) {
        if (err instanceof ApiError && err.code === 'newer_message') {
          await this.cache.queries.refetchQueries({ queryKey: keys.thread(token) }); // its event may be late
          this.mark(token, id, { state: 'failed', isOvertaken: true, error: err.message });
          break;
        }
        const refused = isRefused(err);
        if (refused || failures === maxSendFailures) {
          this.mark(token, id, { state: 'failed', error: refused ? (err as Error).message : '' });
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, retryDelay(failures - 1)));
      }
    }
    this.sending.delete(id);
  }

  private async send(token: string, id: string) {
    const draft = this.of(token).find((d) => d.id === id);
    if (!draft) return;
    const { content, files, ifLast, change } = draft;
    const body = {
      content,
      clientMessageId: id,
      assign: true,
      ...(files?.length && { attachments: files.map((file) => file.id) }),
      ...(ifLast && { ifLast }),
      ...(change && { change }),
    };
    const message = await this.api.call<Message>('POST', path`/conversations/${token}/messages`, body);
    this.cache.arrive(token, message);
    this.cache.changeThread(token, (state) => addMessage(state, message));
    this.cache.changeRow(token, (row) => applyMessage(row, message));
    this.discard(token, id);
  }
}
