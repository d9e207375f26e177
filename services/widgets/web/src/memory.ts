// What a later page goes on with. A browser may refuse storage; then a page is all that there is.
import type { Draft } from './types';

interface Kept {
  visitor: string;
  outbox: Draft[];
  asked: boolean; // the questions before the first message have been answered
}

const mostDrafts = 50;

export class Memory {
  private readonly key: string;
  private kept: Kept = { visitor: '', outbox: [], asked: false };

  constructor(token: string) {
    this.key = 'fivechat:' + token;
    try {
      const found = JSON.parse(localStorage.getItem(this.key) || '{}');
      if (typeof found.visitor === 'string') this.kept.visitor = found.visitor;
      if (Array.isArray(found.outbox)) {
        this.kept.outbox = found.outbox.filter((d: any) => d && typeof d.id === 'string' && typeof d.content === 'string').slice(0, mostDrafts);
      }
      this.kept.asked = found.asked === true;
    } catch { /* nothing is kept */ }
  }

  get visitor() { return this.kept.visitor; }
  get outbox() { return this.kept.outbox; }
  get asked() { return this.kept.asked; }

  set visitor(v: string) { this.keep({ visitor: v }); }
  set asked(v: boolean) { this.keep({ asked: v }); }

  /** put keeps a draft and says whether there was room. */
  put(d: Draft): boolean {
    if (this.kept.outbox.length >= mostDrafts) return false;
    this.keep({ outbox: [...this.kept.outbox, d] });
    return true;
  }

  drop(id: string) { this.keep({ outbox: this.kept.outbox.filter((d) => d.id !== id) }); }

  private keep(change: Partial<Kept>) {
    this.kept = { ...this.kept, ...change };
    try { localStorage.setItem(this.key, JSON.stringify(this.kept)); } catch { /* not kept */ }
  }
}
