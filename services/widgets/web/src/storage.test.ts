import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attachment, refusingStorage, storageOf } from './fakes';
import { SavedState } from './storage';

const KEY = 'fivechat:wgt_a';

beforeEach(() => {
  vi.stubGlobal('localStorage', storageOf());
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('SavedState', () => {
  it('survives the page', () => {
    const before = new SavedState('wgt_a');
    before.setCredentials('vis_a', 'secret_a');
    before.addDraft({ id: 'd1', content: 'one' });
    before.addDraft({ id: 'd2', content: 'two' });
    before.removeDraft('d1');
    before.asked = true;
    const after = new SavedState('wgt_a');
    expect([after.visitor, after.secret, after.asked]).toEqual(['vis_a', 'secret_a', true]);
    expect(after.outbox).toEqual([{ id: 'd2', content: 'two' }]);
  });

  it('erases everything of its website', () => {
    const tab = storageOf();
    const page = storageOf({
      'fivechat-heard:wgt_a': { id: 1 },
      'fivechat:wgt_b': { visitor: 'vis_b' },
      theme: 'dark',
    });
    vi.stubGlobal('localStorage', page);
    vi.stubGlobal('sessionStorage', tab);
    const saved = new SavedState('wgt_a');
    saved.setCredentials('vis_a', 'secret_a');
    saved.addDraft({ id: 'd1', content: 'one' });
    saved.thread = 'con_a';
    saved.text = 'half a';
    saved.erase();
    expect([page.length, page.key(0), page.key(1), tab.length]).toEqual([2, 'fivechat:wgt_b', 'theme', 0]);
    expect([saved.visitor, saved.outbox, saved.text]).toEqual(['', [], '']);
  });

  it('keeps to which conversation a draft goes', () => {
    const saved = new SavedState('wgt_a');
    saved.addDraft({ id: 'd1', content: 'one' });
    saved.bindDraft(saved.outbox[0]!, 'con_a');
    expect(new SavedState('wgt_a').outbox).toEqual([{ id: 'd1', content: 'one', to: 'con_a' }]);
  });

  it('keeps the files of a draft, and reads a draft without', () => {
    const files = [attachment(5, 'a.png')];
    new SavedState('wgt_a').addDraft({ id: 'd1', content: 'a.png', files });
    const saved = new SavedState('wgt_a');
    saved.bindDraft(saved.outbox[0]!, 'con_a');
    saved.addDraft({ id: 'd2', content: 'two' });
    expect(new SavedState('wgt_a').outbox).toEqual([
      { id: 'd1', content: 'a.png', files, to: 'con_a' },
      { id: 'd2', content: 'two' },
    ]);
  });

  it('is separate for each website', () => {
    new SavedState('wgt_a').setCredentials('vis_a', 'secret_a');
    expect(new SavedState('wgt_b').visitor).toBe('');
  });

  it('keeps the secret if a script older than the secrets writes another visitor', () => {
    vi.stubGlobal(
      'localStorage',
      storageOf({
        [KEY]: { visitor: 'vis_b', outbox: [], asked: false },
        [KEY + ':proof']: { visitor: 'vis_a', secret: 'secret_a' },
      }),
    );
    const saved = new SavedState('wgt_a');
    expect([saved.visitor, saved.secret]).toEqual(['vis_a', 'secret_a']);
  });

  it('sees a secret that another page has stored, only if it is of the same visitor', () => {
    const saved = new SavedState('wgt_a');
    saved.setCredentials('vis_a', '');
    new SavedState('wgt_a').setCredentials('vis_b', 'secret_b');
    expect(saved.secret).toBe('');
    new SavedState('wgt_a').setCredentials('vis_a', 'secret_a');
    expect(saved.secret).toBe('secret_a');
  });

  it('prefers the secret that another page has stored: the server has replaced its own', () => {
    const saved = new SavedState('wgt_a');
    saved.setCredentials('vis_a', 'secret_a');
    new SavedState('wgt_a').setCredentials('vis_a', 'secret_b');
    expect(saved.secret).toBe('secret_b');
  });

  it('keeps drafts of tabs that do not see yet what the other has stored', () => {
    const [one, two] = [storageOf(), storageOf()]; // a browser merges them by key
    for (const [tab, id] of [
      [one, 'a'],
      [two, 'b'],
    ] as const) {
      vi.stubGlobal('localStorage', tab);
      new SavedState('wgt_a').addDraft({ id, content: id });
    }
    const keys = (tab: typeof one) => Array.from({ length: tab.length }, (_, i) => tab.key(i)!);
    for (const key of keys(two)) one.setItem(key, two.getItem(key)!);
    vi.stubGlobal('localStorage', one);
    expect(new SavedState('wgt_a').outbox.map((d) => d.id).sort()).toEqual(['a', 'b']);
  });

  it('keeps what belongs to the tab', () => {
    vi.stubGlobal('sessionStorage', storageOf());
    const before = new SavedState('wgt_a');
    Object.assign(before, { text: 'half', isOpen: true, scrolled: 100, dismissed: 7 });
    expect(new SavedState('wgt_a')).toMatchObject({ text: 'half', isOpen: true, scrolled: 100, dismissed: 7 });
    expect(new SavedState('wgt_b')).toMatchObject({ text: '', isOpen: false, scrolled: 0, dismissed: 0 });
  });

  it('accepts 50 drafts and no more', () => {
    const saved = new SavedState('wgt_a');
    for (let n = 0; n < 50; n++) expect(saved.addDraft({ id: 'd' + n, content: '' })).toBe(true);
    expect(saved.addDraft({ id: 'd50', content: '' })).toBe(false);
    expect(new SavedState('wgt_a').outbox).toHaveLength(50);
  });

  it('ignores what is malformed', () => {
    vi.stubGlobal(
      'localStorage',
      storageOf({ [KEY]: { outbox: [null, 5, { id: 1, content: 'a' }, { id: 'd1', content: 'a' }], asked: 'yes' } }),
    );
    const saved = new SavedState('wgt_a');
    expect(saved.outbox).toEqual([{ id: 'd1', content: 'a' }]);
    expect(saved.asked).toBe(false);
  });

  it('lives as long as the page if the browser blocks storage', () => {
    vi.stubGlobal('localStorage', refusingStorage);
    const saved = new SavedState('wgt_a');
    saved.setCredentials('vis_a', 'secret_a');
    expect(saved.addDraft({ id: 'd1', content: 'one' })).toBe(true);
    expect([saved.visitor, saved.secret, saved.outbox.length]).toEqual(['vis_a', 'secret_a', 1]);
  });
});
