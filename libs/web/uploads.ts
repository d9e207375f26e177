// The files that a person adds to a message. They are uploaded one after the other, each again after a broken line.
// Until a message names it, the same content under the same name is the same file: no attempt stores it twice.
//
//   add ─► waiting ─► sending ─► done: the message names it
//                      └──────► failed ─► retry, or remove
import type { Attachment } from './api';
import { retryDelay } from './sse';

export const maxFiles = 10; // of a message, as the server allows
const maxSize = 25 << 20; // bytes: the largest file of any plan. The server refuses what a website's plan doesn't have.
const maxFailures = 7; // in a row: about a minute

/** Reason is why a file isn't uploaded. Only 'broken' may change by itself. */
export type Reason = 'empty' | 'tooLarge' | 'full' | 'refused' | 'broken';

/** reasonOf explains an error: a response of the server has a status and a code, a broken line hasn't. */
export function reasonOf(err: unknown): Reason {
  const { status = 0, code } = err as { status?: number; code?: string };
  if (code === 'storage_full') return 'full';
  if (status === 413) return 'tooLarge';
  return status >= 400 && status < 500 && status !== 408 && status !== 429 ? 'refused' : 'broken';
}

/** Upload is a file on its way. */
export interface Upload {
  key: number;
  file: File;
  state: 'waiting' | 'sending' | 'done' | 'failed';
  /** part is how much of it is sent, from 0 to 1. */
  part: number;
  reason?: Reason; // of a failed one
  attachment?: Attachment; // of one that is done
}

/** SendFile makes one attempt to upload a file. */
export type SendFile = (file: File, onProgress: (part: number) => void, signal: AbortSignal) => Promise<Attachment>;

export class Uploads {
  /** list is replaced at each change, as are its members. */
  list: readonly Upload[] = [];
  private isSending = false;
  private lastKey = 0;
  private readonly aborts = new Map<number, AbortController>(); // by key

  constructor(
    private readonly send: SendFile,
    private readonly onChange: () => void,
  ) {}

  /** isReady reports whether all files are uploaded. */
  get isReady(): boolean {
    return this.list.every(({ state }) => state === 'done');
  }

  get failed(): Upload | undefined {
    return this.list.find(({ state }) => state === 'failed');
  }

  /** attachments are the uploaded files, for a message. Once it is sent, clear makes place for the next one's. */
  get attachments(): Attachment[] {
    return this.list.flatMap(({ attachment }) => attachment ?? []);
  }

  /** add uploads files. It reports false if a message can't have that many; the first ones are added. */
  add(files: Iterable<File>): boolean {
    const all = [...files];
    const added = all.slice(0, maxFiles - this.list.length);
    this.change([...this.list, ...added.map((file) => this.begin(file))]);
    void this.flush();
    return added.length === all.length;
  }

  private begin(file: File): Upload {
    const reason = file.size > maxSize ? 'tooLarge' : file.size ? undefined : 'empty';
    return { key: ++this.lastKey, file, state: reason ? 'failed' : 'waiting', part: 0, ...(reason && { reason }) };
  }

  /** retry uploads a file again that has failed. */
  retry(key: number) {
    this.mark(key, { state: 'waiting', part: 0 });
    void this.flush();
  }

  /** remove cancels a file, or takes it from the message. */
  remove(key: number) {
    this.aborts.get(key)?.abort();
    this.change(this.list.filter((u) => u.key !== key));
  }

  clear() {
    for (const { key } of this.list) this.remove(key);
  }

  private change(list: readonly Upload[]) {
    this.list = list;
    this.onChange();
  }

  private mark(key: number, fields: Partial<Upload>) {
    this.change(this.list.map((u) => (u.key === key ? { ...u, ...fields } : u)));
  }

  private async flush() {
    if (this.isSending) return;
    this.isSending = true;
    for (let next = this.next(); next; next = this.next()) await this.deliver(next);
    this.isSending = false;
  }

  private next(): Upload | undefined {
    return this.list.find(({ state }) => state === 'waiting');
  }

  /** deliver uploads a file until the server has it or refuses it, or the person cancels it. */
  private async deliver({ key, file }: Upload) {
    const abort = new AbortController();
    const { signal } = abort;
    this.aborts.set(key, abort);
    for (let failures = 1; !signal.aborted; failures++) {
      this.mark(key, { state: 'sending', part: 0 });
      try {
        const attachment = await this.send(file, (part) => signal.aborted || this.mark(key, { part }), signal);
        if (!signal.aborted) this.finish(key, attachment);
        break;
      } catch (err) {
        if (signal.aborted) break;
        const reason = reasonOf(err);
        if (reason !== 'broken' || failures === maxFailures) {
          this.mark(key, { state: 'failed', reason });
          break;
        }
        await pause(retryDelay(failures - 1), signal);
      }
    }
    this.aborts.delete(key);
  }

  /** finish notes that the server has a file. The same one, added twice, is shown once. */
  private finish(key: number, attachment: Attachment) {
    if (this.list.some((u) => u.attachment?.id === attachment.id)) this.remove(key);
    else this.mark(key, { state: 'done', part: 1, attachment });
  }
}

/** pause waits for some milliseconds, or until the signal is aborted. */
const pause = (delay: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, delay);
    signal.addEventListener('abort', end);
  });
