// The chat's looks. What anybody wrote becomes text and nothing else; styles are set through the CSS object model, so that
// a page with a strict content security policy takes them.
import { maxBytes, type Chat, type Line } from './chat';
import { colour, readable } from './colour';
import css from '../build/widget.css';
import type { Widget } from '../../../../libs/web/api';
import type { Field } from './types';
import type { Words } from './i18n';

type Child = Node | string;

function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  e.className = className;
  for (const name in attributes) e.setAttribute(name, attributes[name]!);
  e.append(...children);
  return e;
}

function icon(path: string): SVGElement {
  const [svg, p] = ['svg', 'path'].map((t) => document.createElementNS('http://www.w3.org/2000/svg', t)) as [
    SVGElement,
    SVGElement,
  ];
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  p.setAttribute('d', path);
  svg.append(p);
  return svg;
}

/** parse reads JSON of the website's own making, which may be anything. */
function parse(text: string): any[] {
  try {
    const found = JSON.parse(text);
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

export function welcomes(s: Widget, language: string): string[] {
  return parse(s.welcomeMessages)
    .filter((m) => !m || !m.lang || m.lang === language || m.lang === language.split('-')[0])
    .map((m) => (typeof m === 'string' ? m : m && (m.text || m.message || m.content)))
    .filter((m) => typeof m === 'string' && m);
}

export function fields(s: Widget): Field[] {
  return parse(s.chatFormFields)
    .map((f) => (typeof f === 'string' ? { name: f } : f))
    .filter((f) => f && typeof f.name === 'string' && f.name)
    .slice(0, 10)
    .map((f) => ({
      name: f.name,
      label: String(f.label || f.name),
      type: ['email', 'tel', 'url', 'number'].includes(f.type) ? f.type : f.name === 'email' ? 'email' : 'text',
      required: !!f.required,
    }));
}

export class View {
  opened = false;
  private readonly host = el('div', '');
  private readonly root: ShadowRoot;
  private readonly badge = el('span', 'badge', { 'aria-hidden': 'true' });
  private readonly launcher: HTMLButtonElement;
  private readonly panel: HTMLElement;
  private readonly log: HTMLElement;
  private readonly typing = el('div', 'typing', { 'aria-live': 'polite' });
  private readonly note = el('div', 'note', { role: 'status' });
  private readonly input: HTMLTextAreaElement;
  private readonly row: HTMLElement;
  private readonly end = el('div', 'end');
  private readonly form = el('form', 'form', { novalidate: '' });
  private readonly drawn = new Map<string, { line: Line; e: HTMLElement; text: string }>();
  private mode: 'chat' | 'questions' | 'ticket' = 'chat';
  private passing = '';
  private ended = ''; // what the end of the conversation shows

  constructor(
    private readonly s: Widget,
    private readonly chat: Chat,
    private readonly w: Words,
    direction: string,
    language: string,
    private readonly told: (event: string, detail?: unknown) => void,
    private readonly safely: <A extends unknown[]>(f: (...a: A) => unknown) => (...a: A) => void,
  ) {
    const { host } = this;
    host.dir = direction;
    host.lang = language;
    host.setAttribute('data-fivechat', '');
    this.root = host.attachShadow({ mode: 'open' });
    this.paint();

    this.launcher = el(
      'button',
      'launcher ' + s.buttonClass,
      { type: 'button', part: 'button', 'aria-haspopup': 'dialog' },
      icon('M21 12a8 8 0 0 1-8 8H4l2-3a8 8 0 1 1 15-5z'),
      this.badge,
    );
    const close = el('button', 'icon', { type: 'button', 'aria-label': w.close }, icon('M6 6l12 12M18 6L6 18'));
    this.log = el('div', 'log', {
      role: 'log',
      'aria-live': 'polite',
      tabindex: '0',
      'aria-label': w.title,
      part: 'log',
    });
    for (const text of welcomes(s, language)) this.log.append(el('div', 'line USER', { dir: 'auto' }, text));
    this.input = el('textarea', s.chatInputClass, {
      'aria-label': w.placeholder,
      placeholder: w.placeholder,
      part: 'input',
      rows: '1',
      dir: 'auto',
    });
    const send = el(
      'button',
      'send',
      { type: 'button', 'aria-label': w.send, part: 'send' },
      icon('M4 12h14M12 5l7 7-7 7'),
    );
    this.row = el('div', 'row', {}, this.input, send);
    this.panel = el(
      'div',
      'panel ' + s.chatClass,
      { role: 'dialog', 'aria-label': w.title, part: 'chat' },
      el('header', s.chatTitleClass, { part: 'title' }, el('h2', '', {}, w.title), close),
      this.note,
      this.log,
      this.typing,
      this.form,
      this.end,
      this.row,
    );
    if (!s.removeBranding) this.panel.append(el('div', 'brand', {}, 'Fivechat'));
    this.panel.hidden = true;
    this.root.append(this.panel, this.launcher);

    const on = (e: EventTarget, event: string, f: (e: any) => unknown) => e.addEventListener(event, this.safely(f));
    on(this.launcher, 'click', () => this.toggle());
    on(close, 'click', () => this.toggle(false));
    on(send, 'click', () => this.submit());
    on(this.panel, 'keydown', (e: KeyboardEvent) => {
      if (e.key === 'Escape') this.toggle(false);
    });
    on(this.input, 'keydown', (e: KeyboardEvent) => {
      if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
      e.preventDefault();
      this.submit();
    });
    on(this.input, 'input', () => {
      if (this.passing) this.tell('');
      this.grow();
      chat.types(!!this.input.value.trim());
    });
    on(this.input, 'blur', () => chat.types(false));
    for (const event of ['online', 'offline']) on(window, event, () => this.draw());
    on(document, 'visibilitychange', () => chat.markRead());
    document.body.append(host);
    this.draw();
  }

  /** paint sets the website's colours. Text that could not be read on them is black or white. */
  private paint() {
    const { s, host } = this;
    const accent = colour(s.color, '#2563eb');
    const button = colour(s.buttonBgColor, accent);
    const bubble = colour(s.bubbleColor, '#e8effd');
    const text = colour(s.buttonTextColor, '#ffffff');
    const dark = readable('#ffffff', accent) === '#ffffff';
    const values: Record<string, string> = {
      x: (Number(s.buttonXPos) || 0) + 'px',
      y: (Number(s.buttonYPos) || 0) + 'px',
      color: accent,
      'color-text': readable(text, accent),
      button,
      'button-text': readable(text, button),
      bubble,
      'bubble-text': readable(colour(s.bubbleTextColor, '#111111'), bubble),
      ring: dark ? accent : 'currentColor',
      link: dark && !matchMedia('(prefers-color-scheme:dark)').matches ? accent : 'inherit',
    };
    for (const name in values) host.style.setProperty('--' + name, values[name]!);
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      this.root.adoptedStyleSheets = [sheet];
    } catch {
      // a browser from before 2023
      this.root.append(el('style', '', {}, css));
    }
  }

  toggle(open = !this.opened) {
    if (open === this.opened) return;
    this.opened = this.chat.visible = open;
    this.panel.hidden = !open;
    this.host.toggleAttribute('open', open);
    if (open) {
      if (this.mode === 'chat' && fields(this.s).length && !this.chat.memory.asked && !this.chat.lines.length)
        this.ask();
      this.chat.start().then(
        () => this.chat.markRead(),
        () => this.draw(),
      );
    }
    this.draw();
    if (open) this.focus();
    else this.launcher.focus();
    this.log.scrollTop = this.log.scrollHeight;
    this.told(open ? 'open' : 'close');
  }

  private focus() {
    const first =
      this.mode === 'chat'
        ? this.row.hidden
          ? this.end.querySelector('button')
          : this.input
        : this.form.querySelector('input');
    (first as HTMLElement | null)?.focus();
  }

  private grow() {
    this.input.style.height = 'auto';
    this.input.style.height = Math.min(this.input.scrollHeight + 2, 128) + 'px';
  }

  private submit() {
    const content = this.input.value.trim();
    if (!content) return;
    if (new TextEncoder().encode(content).length > maxBytes || !this.chat.say(content)) {
      this.tell(this.w.tooLong);
      return;
    }
    this.input.value = '';
    this.grow();
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** tell shows something that passes: until the visitor writes on. */
  private tell(text: string) {
    this.passing = text;
    this.draw();
  }

  /** say shows a note above the messages; with an action, a button beside it. */
  private say(text: string, action?: string, act?: () => void) {
    const key = text + (action || '');
    if (this.note.dataset.key === key) return;
    this.note.dataset.key = key;
    this.note.hidden = !text;
    this.note.replaceChildren(el('span', '', {}, text));
    if (action) {
      const b = el('button', 'link', { type: 'button' }, action);
      b.addEventListener('click', this.safely(act!));
      this.note.append(b);
    }
  }

  /** draw brings what is shown up to date. */
  draw() {
    const { chat, w } = this;
    const unread = chat.unread;
    this.badge.hidden = !unread || this.opened;
    this.badge.textContent = String(unread);
    this.launcher.setAttribute(
      'aria-label',
      (this.opened ? w.close : w.open) + (unread && !this.opened ? ` (${unread})` : ''),
    );
    this.launcher.setAttribute('aria-expanded', String(this.opened));
    this.lines();
    const agent = [...chat.agents.values()].pop();
    this.typing.textContent = chat.typing ? `${agent ? agent.name : w.agent} ${w.typing}` : '';
    const waiting = chat.lines.some((l) => l.state === 'sending');
    if (this.passing) this.say(this.passing);
    else if (!navigator.onLine || (chat.broken && waiting)) this.say(w.offline);
    else if (!chat.agentsOnline && this.mode === 'chat') this.say(w.away, w.ticket, () => this.ticket());
    else this.say('');
    const over = chat.conversation?.status === 'CLOSED' && !waiting;
    const chatting = this.mode === 'chat';
    this.log.hidden = this.typing.hidden = !chatting;
    this.form.hidden = chatting;
    this.row.hidden = !chatting || over;
    this.end.hidden = !chatting || !over;
    if (over) this.finish();
    else this.ended = '';
  }

  private lines() {
    const { log } = this;
    const low = log.scrollHeight - log.scrollTop - log.clientHeight < 48;
    const wanted = new Set<string>();
    let before: Element | null = null;
    let author: string | null = null;
    const place = (key: string, make: () => HTMLElement, line?: Line, text = '') => {
      wanted.add(key);
      let d = this.drawn.get(key);
      if (!d || d.text !== text) {
        d?.e.remove();
        d = { line: line!, e: make(), text };
        this.drawn.set(key, d);
      }
      const next: Element | null = before ? before.nextElementSibling : log.querySelector('[data-line]') || null;
      if (d.e !== next) before ? before.after(d.e) : next ? next.before(d.e) : log.append(d.e);
      before = d.e;
      return d.e;
    };
    for (const line of this.chat.lines) {
      const who = line.from === 'USER' ? this.chat.agents.get(line.agent || 0)?.name || this.w.agent : '';
      if (who && who !== author)
        place('who' + line.key, () => el('div', 'who', { dir: 'auto', 'data-line': '' }, who), undefined, who);
      author = who;
      const e = place(
        line.key,
        () => el('div', 'line ' + line.from, { dir: 'auto', 'data-line': '' }, line.content),
        line,
      );
      e.classList.toggle('sending', line.state === 'sending');
      if (line.state === 'failed') {
        place('failed' + line.key, () => {
          const b = el('button', 'state failed', { type: 'button', 'data-line': '' }, this.w.failed);
          b.addEventListener(
            'click',
            this.safely(() => this.chat.retry(line)),
          );
          return b;
        });
      }
    }
    const last = this.chat.lines[this.chat.lines.length - 1];
    if (last && last.from === 'VISITOR' && last.state !== 'failed') {
      const text = this.w[last.state];
      place('state', () => el('div', 'state', { 'data-line': '' }, text), undefined, text);
    }
    for (const [key, d] of this.drawn) {
      if (!wanted.has(key)) {
        d.e.remove();
        this.drawn.delete(key);
      }
    }
    if (low) log.scrollTop = log.scrollHeight;
  }

  /** finish shows the end of a conversation: how it was, and the way to another. */
  private finish() {
    const { chat, w, s } = this;
    const rate = s.ratingEnabled && !chat.conversation!.rating;
    const shows = rate ? 'rate' : 'over';
    if (this.ended === shows) return;
    this.ended = shows;
    const again = el('button', 'link', { type: 'button' }, w.again);
    again.addEventListener(
      'click',
      this.safely(() => {
        chat.anew();
        this.focus();
      }),
    );
    this.end.replaceChildren(
      el('div', '', { role: 'status' }, chat.conversation!.rating && s.ratingEnabled ? w.thanks : w.ended),
    );
    if (rate) {
      const stars = el('div', 'stars', { role: 'group', 'aria-label': w.rate });
      const feedback = el('textarea', '', {
        'aria-label': w.feedback,
        placeholder: w.feedback,
        rows: '2',
        maxlength: '1000',
        dir: 'auto',
      });
      const send = el('button', 'primary', { type: 'button' }, w.send);
      const error = el('div', 'error', { role: 'alert' });
      feedback.hidden = send.hidden = true;
      let chosen = 0;
      for (let n = 1; n <= 5; n++) {
        const star = el(
          'button',
          'star',
          { type: 'button', 'aria-label': w.stars.replace('#', String(n)), 'aria-pressed': 'false' },
          '★',
        );
        star.addEventListener(
          'click',
          this.safely(() => {
            chosen = n;
            [...stars.children].forEach((c, i) => {
              c.classList.toggle('on', i < n);
              c.setAttribute('aria-pressed', String(i === n - 1));
            });
            feedback.hidden = send.hidden = false;
          }),
        );
        stars.append(star);
      }
      send.addEventListener(
        'click',
        this.safely(() =>
          chat.rate(chosen, feedback.value.trim()).catch(() => {
            error.textContent = w.error;
          }),
        ),
      );
      this.end.append(el('div', '', {}, w.rate), stars, feedback, send, error);
    }
    this.end.append(again);
  }

  /** fill shows a form of fields; done is given what was filled in. */
  private fill(
    mode: 'questions' | 'ticket',
    asked: Field[],
    button: string,
    done: (values: Record<string, string>) => Promise<unknown>,
    after: string,
  ) {
    this.mode = mode;
    const error = el('div', 'error', { role: 'alert' });
    const inputs = asked.map((f) => {
      const i = f.type === 'long' ? el('textarea', '', { rows: '4' }) : el('input', '', { type: f.type });
      i.name = f.name;
      i.dir = 'auto';
      i.required = f.required;
      i.maxLength = f.type === 'long' ? 10_000 : 255;
      return i;
    });
    const submit = el('button', 'primary', { type: 'submit' }, button);
    this.form.replaceChildren(...asked.map((f, i) => el('label', '', {}, f.label, inputs[i]!)), error, submit);
    if (mode === 'ticket') {
      const back = el('button', 'link', { type: 'button' }, this.w.back);
      back.addEventListener(
        'click',
        this.safely(() => this.leave()),
      );
      this.form.append(back);
    }
    this.form.onsubmit = (e) => {
      e.preventDefault();
      this.safely(() => {
        const wrong = inputs.find((i) => !i.checkValidity());
        if (wrong) {
          error.textContent = wrong.value ? wrong.validationMessage : this.w.required;
          wrong.focus();
          return;
        }
        submit.disabled = true;
        done(Object.fromEntries(inputs.map((i) => [i.name, i.value.trim()])))
          .then(
            () => {
              this.leave();
              if (after) this.tell(after);
            },
            () => {
              error.textContent = this.w.error;
            },
          )
          .finally(() => {
            submit.disabled = false;
          });
      })();
    };
    this.draw();
    this.focus();
  }

  private leave() {
    this.mode = 'chat';
    this.draw();
    this.focus();
  }

  private ask() {
    this.fill(
      'questions',
      fields(this.s),
      this.w.begin,
      async (values) => {
        const { name, ...context } = values;
        await this.chat.start();
        await this.chat.session({ ...(name && { name: name.slice(0, 100) }), context });
        this.chat.memory.asked = true;
      },
      '',
    );
  }

  private ticket() {
    const { w } = this;
    this.fill(
      'ticket',
      [
        { name: 'title', label: w.subject, type: 'text', required: true },
        { name: 'email', label: w.email, type: 'email', required: true },
        { name: 'description', label: w.details, type: 'long', required: false },
      ],
      w.send,
      (v) => this.chat.ticket(v.title!, v.email!, v.description!),
      w.ticketDone,
    );
  }
}
