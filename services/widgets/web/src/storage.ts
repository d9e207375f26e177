// State that survives the page, in localStorage. If the browser refuses storage, the state lives as long as the page.
import type { Attachment } from '../../../../libs/web/api';

/** Draft is a message that the server doesn't have yet. Its id is the same in all attempts: it is stored once. */
export interface Draft {
  id: string;
  content: string;
  files?: Attachment[]; // they are uploaded
  to?: string; // the conversation to which an attempt was made, or 'new': there the server knows it, if at all
}

/**
 * Credentials have a storage entry of their own. Scripts older than the secrets don't write it: they can't remove a
 * secret that a newer script has stored.
 */
interface Credentials {
  visitor: string;
  secret: string;
}

interface State extends Credentials {
  asked: boolean;
}

/** TabState belongs to one tab, across its pages. */
interface TabState {
  text: string;
  isOpen: boolean;
  scrolled: number;
  dismissed: number;
}

const maxDrafts = 50;
const credentialsSuffix = ':proof';
const threadSuffix = ':thread'; // an entry of its own, as for the credentials

// Each draft has an entry of its own. Browsers show a tab what another one has stored after some milliseconds: tabs that
// write one list would overwrite each other's drafts.
const draftSuffix = ':draft:';

// Access to a storage that the browser refuses throws.
const pageStorage = () => localStorage;
const tabStorage = () => sessionStorage;

/** read returns the object that is stored under a key, or {} if there is none or it can't be read. */
export function read(key: string, storage = pageStorage): Record<string, unknown> {
  try {
    return JSON.parse(storage().getItem(key) || '{}') || {};
  } catch {
    return {};
  }
}

/** write reports false if the browser refuses storage. */
export function write(key: string, value: unknown, storage = pageStorage): boolean {
  try {
    storage().setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

const isDraft = (d: unknown): d is Draft =>
  !!d && typeof (d as Draft).id === 'string' && typeof (d as Draft).content === 'string';

/**
 * SavedState holds the visitor's credentials, conversation and unsent messages for one website. The tabs of a browser
 * share it: what another tab has stored is read before each change.
 */
export class SavedState {
  private readonly _key: string;
  private _state: State;
  private _thread = '';
  private _outbox: Draft[] = [];
  private _addedAt = 0; // the order of the last draft
  private _isRefused = false; // the state lives in this page alone
  private _tab: Partial<TabState>;

  constructor(clientToken: string) {
    this._key = 'fivechat:' + clientToken;
    this._tab = read(this._key, tabStorage);
    this._state = this._read();
    const { outbox } = read(this._key); // of a script that kept one list
    if (!Array.isArray(outbox)) return;
    for (const draft of outbox.filter(isDraft)) this.addDraft(draft);
    this._update({});
  }

  private _read(): State {
    const { visitor, asked } = read(this._key);
    this._outbox = this._readDrafts();
    this._thread = String(read(this._key + threadSuffix).token || '');
    return {
      visitor: (visitor as string) || '',
      secret: '',
      asked: asked === true,
      ...read(this._key + credentialsSuffix),
    };
  }

  private _readDrafts(): Draft[] {
    const prefix = this._key + draftSuffix;
    const found: [number, Draft][] = [];
    try {
      const storage = pageStorage();
      for (let i = 0; i < storage.length; i++) {
        const key = storage.key(i)!;
        const { content, at, to, files } = key.startsWith(prefix) ? read(key) : {};
        if (typeof content !== 'string') continue;
        const draft: Draft = { id: key.slice(prefix.length), content, ...(!!to && { to: String(to) }) };
        if (Array.isArray(files)) draft.files = files;
        found.push([Number(at), draft]);
      }
    } catch {
      // The browser refuses storage.
    }
    found.sort((a, b) => a[0] - b[0]);
    return found.slice(0, maxDrafts).map(([, draft]) => draft);
  }

  /** refresh reads what other tabs have stored. */
  refresh() {
    if (!this._isRefused) this._state = this._read();
  }

  get visitor() {
    return this._state.visitor;
  }

  get outbox() {
    return this._outbox;
  }

  /** asked reports whether the visitor has answered the questions before the first message. */
  get asked() {
    return this._state.asked;
  }

  set asked(asked: boolean) {
    this._update({ asked });
  }

  /** thread is the token of the conversation that the visitor sees, open or ended, or ''. */
  get thread() {
    return this._thread;
  }

  set thread(token: string) {
    if (token === this._thread) return;
    this._thread = token;
    this._isRefused = !write(this._key + threadSuffix, { token });
  }

  /** owns reports whether a key of the storage belongs to this state. None means that any entry may have changed. */
  owns(key?: string | null): boolean {
    return !key || key.startsWith(this._key);
  }

  /** secret is '' if there is none. Another page of the website may have stored it, or a newer one, in the meantime. */
  get secret(): string {
    const { visitor, secret } = read(this._key + credentialsSuffix) as Partial<Credentials>;
    return (visitor === this._state.visitor && secret) || this._state.secret;
  }

  /** setCredentials stores the visitor's credentials; '' removes them. */
  setCredentials(visitor: string, secret: string) {
    this._update({ visitor, secret });
    write(this._key + credentialsSuffix, { visitor, secret });
  }

  /** forget removes what is known of the visitor. */
  forget() {
    for (const { id } of this._outbox) this.removeDraft(id);
    this._update({ asked: false });
    this.thread = '';
    this.text = '';
    this.setCredentials('', '');
  }

  /** erase removes every entry of the website, in this tab and in the browser. */
  erase() {
    this.forget();
    this._tab = {};
    const [, token] = this._key.split(':');
    for (const open of [pageStorage, tabStorage]) {
      try {
        const storage = open();
        const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i)!);
        for (const key of keys.filter((k) => k.startsWith('fivechat') && k.includes(token!))) storage.removeItem(key);
      } catch {
        // The browser refuses storage.
      }
    }
  }

  /** addDraft reports false if the outbox is full. */
  addDraft(draft: Draft): boolean {
    this.refresh();
    if (this._outbox.length >= maxDrafts) return false;
    this._addedAt = Math.max(Date.now(), this._addedAt + 1);
    this._outbox = [...this._outbox, draft];
    const { id, content, files } = draft;
    this._isRefused = !write(this._key + draftSuffix + id, { content, files, at: this._addedAt });
    return true;
  }

  /** bindDraft says to which conversation a draft is sent, '' if there is none. */
  bindDraft(draft: Draft, to: string) {
    if (draft.to === to) return;
    draft.to = to;
    const key = this._key + draftSuffix + draft.id;
    const entry = read(key);
    if (entry.content) write(key, { ...entry, to });
  }

  removeDraft(id: string) {
    this._outbox = this._outbox.filter((d) => d.id !== id);
    try {
      pageStorage().removeItem(this._key + draftSuffix + id);
    } catch {
      // The browser refuses storage.
    }
  }

  /** text is what the visitor has typed but not sent, in this tab. */
  get text(): string {
    return String(this._tab.text || '');
  }

  set text(text: string) {
    this._updateTab({ text });
  }

  /** isOpen reports whether the panel was open on the last page of this tab. */
  get isOpen(): boolean {
    return this._tab.isOpen === true;
  }

  set isOpen(isOpen: boolean) {
    this._updateTab({ isOpen });
  }

  /** scrolled is the position of the messages in pixels from their top, or 0 at their end. */
  get scrolled(): number {
    return Number(this._tab.scrolled) || 0;
  }

  set scrolled(scrolled: number) {
    if (scrolled !== this.scrolled) this._updateTab({ scrolled });
  }

  /** dismissed is the id of the last message whose preview the visitor has dismissed. */
  get dismissed(): number {
    return Number(this._tab.dismissed) || 0;
  }

  set dismissed(dismissed: number) {
    this._updateTab({ dismissed });
  }

  private _updateTab(change: Partial<TabState>) {
    this._tab = { ...this._tab, ...change };
    write(this._key, this._tab, tabStorage);
  }

  private _update(change: Partial<State>) {
    this.refresh();
    this._state = { ...this._state, ...change };
    this._isRefused = !write(this._key, this._state);
  }
}
