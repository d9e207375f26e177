// What a later page goes on with. A browser may refuse storage; then a page is all that there is.
import type { Draft } from './types';

interface Kept extends Proof {
  outbox: Draft[];
  asked: boolean; // the questions before the first message have been answered
}

/** Proof is a visitor's token and secret. It has an entry of its own, which scripts of the version before secrets don't overwrite. */
interface Proof {
  visitor: string;
  secret: string;
}

const mostDrafts = 50;

/** stored is what was kept under a key, {} for nothing or what cannot be read. */
function stored(key: string): any {
  try {
    return JSON.parse(localStorage.getItem(key) || '{}') || {};
  } catch {
    return {};
  }
}

const proof = ':proof'; // behind the key

function store(key: string, value: unknown) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    /* not kept */
  }
}

export class Memory {
  private readonly key: string;
  private kept: Kept = { visitor: '', secret: '', outbox: [], asked: false };

  constructor(token: string) {
    this.key = 'fivechat:' + token;
    const found = stored(this.key);
    this.kept.visitor = found.visitor || '';
    if (Array.isArray(found.outbox)) {
      this.kept.outbox = found.outbox
        .filter((d: any) => d && typeof d.id === 'string' && typeof d.content === 'string')
        .slice(0, mostDrafts);
    }
    this.kept.asked = found.asked === true;
    Object.assign(this.kept, stored(this.key + proof));
  }

  get visitor() {
    return this.kept.visitor;
  }
  get outbox() {
    return this.kept.outbox;
  }
  get asked() {
    return this.kept.asked;
  }

  /** secret is the visitor's, '' while there is none. Another page may have been given it. */
  get secret() {
    const { visitor, secret }: Proof = stored(this.key + proof);
    return this.kept.secret || (visitor === this.kept.visitor && secret) || '';
  }

  set asked(v: boolean) {
    this.keep({ asked: v });
  }

  /** become keeps who the visitor is; '' is nobody. */
  become(visitor: string, secret: string) {
    this.keep({ visitor, secret });
    store(this.key + proof, { visitor, secret });
  }

  /** put keeps a draft and says whether there was room. */
  put(d: Draft): boolean {
    if (this.kept.outbox.length >= mostDrafts) return false;
    this.keep({ outbox: [...this.kept.outbox, d] });
    return true;
  }

  drop(id: string) {
    this.keep({ outbox: this.kept.outbox.filter((d) => d.id !== id) });
  }

  private keep(change: Partial<Kept>) {
    this.kept = { ...this.kept, ...change };
    store(this.key, this.kept);
  }
}
