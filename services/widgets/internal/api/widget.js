// The chat widget. It has no dependency, never throws into the page, renders data as text only and sets styles through
// the CSS object model, so that it works on a page with a strict content security policy.
((run) => {
  try { run(SETTINGS, document.currentScript); } catch (err) { console.warn('fivechat:', err); }
})((settings, script) => {
  'use strict';
  if (window.fivechatStarted) return; // the tag may stand in a page twice
  window.fivechatStarted = true;

  const POLL = 3000; // milliseconds between looks for news
  const TRIES = 5; // of one message, before the visitor is asked
  const token = settings.websiteClientToken;

  // The tag that loaded this script knows where the chat lives.
  function findOrigin() {
    const tags = script && script.src ? [script] : [...document.querySelectorAll('script[src*="/widget/"]')];
    for (const tag of tags) {
      const url = new URL(tag.src, location.href);
      if (url.pathname.endsWith('/widget/' + token)) return tag.src.slice(0, tag.src.indexOf('/widget/' + token));
    }
    return location.origin;
  }
  const base = findOrigin();

  // What a later page goes on with. A browser may refuse storage; then a page is a session.
  const storageKey = 'fivechat:' + token;
  const remember = (v) => { try { localStorage.setItem(storageKey, v); } catch { /* not kept */ } };
  const recall = () => { try { return localStorage.getItem(storageKey); } catch { return null; } };

  let visitorToken = null;
  let conversation = null; // its token
  let last = 0; // the newest message that a poll brought
  const shown = new Set(); // ids of messages on the page
  let opened = false;

  async function call(method, path, body) {
    const headers = {};
    if (body) headers['Content-Type'] = 'application/json';
    if (visitorToken) headers['x-visitor-id'] = visitorToken;
    const answer = await fetch(base + path, { method, headers, body: body && JSON.stringify(body), credentials: 'omit' });
    if (answer.ok) return answer.json();
    throw Object.assign(new Error(path + ' answered ' + answer.status), { status: answer.status });
  }

  async function session() {
    if (visitorToken) return;
    const known = recall();
    const made = await call('POST', '/visitor/sessions', { clientToken: token, ...(known && { visitorToken: known }) });
    visitorToken = made.visitorToken;
    remember(visitorToken);
    if (made.conversation) conversation = made.conversation.token;
  }

  // One request at a time, so that a poll never shows a message that is still being sent.
  let line = Promise.resolve();
  const queue = (work) => (line = line.then(work, work));
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const uuid = () => crypto.randomUUID ? crypto.randomUUID()
    : [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');

  // A message keeps its id over all tries, so that the server stores it once.
  async function deliver(message) {
    for (let n = 1; ; n++) {
      try {
        await session();
        const body = { content: message.content, clientMessageId: message.id };
        if (conversation) return await call('POST', `/visitor/conversations/${conversation}/messages`, body);
        const made = await call('POST', '/visitor/conversations', body);
        conversation = made.conversation.token;
        return made.message;
      } catch (err) {
        if (err.status === 401) visitorToken = null; // unknown by now: begin again
        if (err.status === 401 || err.status === 404) [conversation, last] = [null, 0];
        const final = err.status >= 400 && err.status < 500 && ![401, 404, 408, 429].includes(err.status);
        if (final || n === TRIES) throw err;
        await pause(500 * 2 ** n);
      }
    }
  }

  async function poll() {
    if (!opened || !conversation || document.hidden) return;
    let news;
    do {
      news = await call('GET', `/visitor/conversations/${conversation}/messages${last ? '?after=' + last : ''}`);
      for (const m of news.messages) {
        last = Math.max(last, m.id);
        if (!shown.has(m.id)) bubble(m.content, m.senderType);
        shown.add(m.id);
      }
    } while (news.hasMore);
  }

  const css = `
    :host { all: initial; position: fixed; right: var(--x); bottom: var(--y); z-index: 2147483000; font: 15px/1.4 system-ui, sans-serif; }
    * { box-sizing: border-box; font: inherit; }
    button { border: 0; cursor: pointer; color: var(--button-text); background: var(--button); }
    :focus-visible { outline: 2px solid var(--color); outline-offset: 2px; }
    .launcher { width: 56px; height: 56px; border-radius: 50%; padding: 15px; fill: currentColor; box-shadow: 0 4px 14px #0004; }
    .panel { position: absolute; right: 0; bottom: 68px; width: min(360px, calc(100vw - 32px)); height: min(520px, calc(100vh - 120px));
      display: flex; flex-direction: column; background: #fff; color: #111; border-radius: 12px; overflow: hidden; box-shadow: 0 8px 30px #0004; }
    .panel[hidden] { display: none; }
    .title { padding: 12px 16px; background: var(--color); color: var(--button-text); font-weight: 600; }
    .log { flex: 1; overflow-y: auto; padding: 12px; display: flex; flex-direction: column; gap: 8px; }
    .bubble { max-width: 85%; padding: 8px 12px; border-radius: 12px; white-space: pre-wrap; overflow-wrap: anywhere; background: #f1f5f9; align-self: flex-start; }
    .VISITOR { align-self: flex-end; background: var(--bubble); color: var(--bubble-text); }
    .SYSTEM { align-self: center; background: none; color: #64748b; font-size: 13px; }
    .sending { opacity: .6; }
    .failed { outline: 1px solid #dc2626; cursor: pointer; }
    .row { display: flex; gap: 8px; padding: 8px; border-top: 1px solid #e2e8f0; }
    textarea { flex: 1; resize: none; height: 40px; padding: 8px; border: 1px solid #cbd5e1; border-radius: 8px; background: #fff; color: #111; }
    .send { padding: 0 14px; border-radius: 8px; }`;

  function el(tag, className, attributes, ...children) {
    const e = document.createElement(tag);
    e.className = className;
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    e.append(...children);
    return e;
  }

  function icon() {
    const [svg, path] = ['svg', 'path'].map((t) => document.createElementNS('http://www.w3.org/2000/svg', t));
    svg.setAttribute('viewBox', '0 0 24 24');
    path.setAttribute('d', 'M4 4h16v12H10l-6 5z');
    svg.append(path);
    return svg;
  }

  const log = el('div', 'log', { role: 'log', 'aria-live': 'polite', tabindex: '0', 'aria-label': 'Messages' });
  const input = el('textarea', settings.chatInputClass, { 'aria-label': 'Your message', placeholder: 'Write a message…', maxlength: '4000', part: 'input' });
  const send = el('button', 'send', { type: 'button', part: 'send' }, 'Send');
  const title = el('div', 'title ' + settings.chatTitleClass, { part: 'title' }, 'Chat with us');
  const panel = el('div', 'panel ' + settings.chatClass, { role: 'dialog', 'aria-label': 'Chat', part: 'chat' }, title, log, el('div', 'row', {}, input, send));
  const launcher = el('button', 'launcher ' + settings.buttonClass, { type: 'button', 'aria-label': 'Chat', 'aria-expanded': 'false', part: 'button' }, icon());
  panel.hidden = true;

  function bubble(text, sender) {
    const b = el('div', 'bubble ' + (['VISITOR', 'SYSTEM'].includes(sender) ? sender : 'USER'), {}, text);
    log.append(b);
    log.scrollTop = log.scrollHeight;
    return b;
  }

  function welcome() {
    let messages = [];
    try { messages = JSON.parse(settings.welcomeMessages); } catch { /* none */ }
    for (const m of Array.isArray(messages) ? messages : []) {
      const text = typeof m === 'string' ? m : m && (m.text || m.message || m.content);
      if (typeof text === 'string' && text) bubble(text, 'USER');
    }
  }

  function submit() {
    const content = input.value.trim();
    if (!content) return;
    input.value = '';
    transmit({ id: uuid(), content }, bubble(content, 'VISITOR'));
  }

  function transmit(message, b) {
    b.classList.remove('failed');
    b.classList.add('sending');
    b.removeAttribute('title');
    queue(() => deliver(message)).then((stored) => {
      b.classList.remove('sending');
      if (shown.has(stored.id)) b.remove(); // a poll had brought it
      shown.add(stored.id);
    }, () => {
      b.classList.replace('sending', 'failed');
      b.title = 'Not sent. Press to retry.';
      b.addEventListener('click', () => transmit(message, b), { once: true });
    });
  }

  function toggle(open) {
    opened = open;
    panel.hidden = !open;
    launcher.setAttribute('aria-expanded', String(open));
    (open ? input : launcher).focus();
    if (open) queue(async () => { await session(); await poll(); }).catch(() => { /* the next look retries */ });
  }

  function start() {
    const host = document.createElement('div');
    const root = host.attachShadow({ mode: 'open' });
    const style = {
      '--x': settings.buttonXPos + 'px', '--y': settings.buttonYPos + 'px', '--color': settings.color, '--button': settings.buttonBgColor,
      '--button-text': settings.buttonTextColor, '--bubble': settings.bubbleColor, '--bubble-text': settings.bubbleTextColor,
    };
    for (const [name, value] of Object.entries(style)) host.style.setProperty(name, value);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    root.append(panel, launcher);
    document.body.append(host);

    launcher.addEventListener('click', () => toggle(!opened));
    send.addEventListener('click', submit);
    panel.addEventListener('keydown', (e) => { if (e.key === 'Escape') toggle(false); });
    input.addEventListener('keydown', (e) => {
      if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
      e.preventDefault();
      submit();
    });
    welcome();
    setInterval(() => { if (opened) queue(poll).catch(() => { /* the next look retries */ }); }, POLL);
  }

  const safely = () => { try { start(); } catch (err) { console.warn('fivechat:', err); } };
  if (document.body) safely();
  else document.addEventListener('DOMContentLoaded', safely);
});
