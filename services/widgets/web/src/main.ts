// The entry point of the script that a website's tag loads. It starts once per page, even if the page has several tags.
import type { Widget } from '../../../../libs/web/api';
import { App, type ChatScript } from './app';
import type { Chat } from './chat';
import { chooseLanguage, loadTexts } from './i18n';
import { safely, warn } from './safely';
import { findServer, findTag } from './server';
import { SavedState } from './storage';

/** The server replaces SETTINGS with the website's settings, and PANEL with the version of the chat's script. */
declare const SETTINGS: Widget;
declare const PANEL: string;

type Handler = (detail?: unknown) => void;
type Command = (name: string, ...args: unknown[]) => void;
type PageGlobals = { fivechatStarted?: () => void; fivechat?: Command & { q?: ArrayLike<unknown>[] } };
type Members = Record<string, unknown>;

const retryInterval = 30_000; // milliseconds, if the chat's script can't be loaded

function start(settings: Widget) {
  const page = window as unknown as PageGlobals;
  if (page.fivechatStarted) {
    page.fivechatStarted(); // another tag
    return;
  }
  let app: App | undefined; // none before it is shown, and after consent was withdrawn
  let chat: Chat | undefined;
  page.fivechatStarted = () => app?.host.attach();
  const token = settings.websiteClientToken;
  const tag = findTag(token);
  const baseUrl = findServer(tag, token);
  if (!baseUrl) {
    warn('this copy of the script does not know its server: set window.fivechatServer before it runs');
    return;
  }
  let isConsented = tag?.dataset.consent !== 'required';
  const wished = tag?.dataset.lang || document.documentElement.lang;
  let language = chooseLanguage([wished || '', ...navigator.languages]);
  let saved: SavedState;
  let facts: Members = {}; // for the first session

  const handlers: Record<string, Handler[]> = {};
  const emit = (event: string, detail?: unknown) => {
    for (const handler of handlers[event] || []) safely(handler)(detail);
  };

  let unread = 0;
  const onChange = (isOtherVisitor?: boolean) => {
    if (isOtherVisitor) app?.clear();
    app?.draw();
    if (!chat || chat.unreadCount === unread) return;
    unread = chat.unreadCount;
    emit('unread', unread);
  };
  const onAgentMessage = (content: string) => {
    if (app) app.arrived++;
    emit('message', { content });
  };
  const createChat = (script: ChatScript) => {
    if (chat) return chat;
    chat = script.createChat(baseUrl, settings, saved, onChange, onAgentMessage);
    chat.addContext(facts);
    return chat;
  };

  /** resume continues the chat of an earlier page. */
  const resume = () =>
    app?.connect().then(
      (c) => c.resume(),
      (err) => {
        warn(err);
        setTimeout(resume, retryInterval);
      },
    );

  const show = async () => {
    if (app || !isConsented || !document.body) return;
    const texts = await loadTexts(baseUrl, language);
    if (app || !isConsented) return; // shown, or withdrawn, meanwhile
    saved ||= new SavedState(token);
    const url = `${baseUrl}/widget-panel/${PANEL}`;
    const begin = () => {
      app = new App(settings, saved, app?.texts || texts, language, chat, url, createChat, emit, begin);
    };
    begin();
    for (const args of queue.splice(0)) page.fivechat!(...(Array.from(args) as [string]));
    emit('ready');
    // A new visitor gets a session when the chat is opened or the page identifies them, not on a mere page view.
    if (saved.visitor || saved.outbox.length) resume();
  };

  const forget = () => {
    saved ||= new SavedState(token);
    facts = {};
    if (chat) chat.reset();
    else saved.forget();
    return app?.toggle(false);
  };

  // The commands that pages call: fivechat('open').
  const commands: Record<string, (...args: never[]) => unknown> = {
    open: () => app!.toggle(true),
    close: () => app!.toggle(false),
    toggle: () => app!.toggle(),
    show: () => app!.show(true),
    hide: () => app!.show(false),
    message: async (text: string, { send }: { send?: boolean } = {}) => {
      if (!send) app!.write(String(text));
      else if (!(await app!.connect()).send(String(text))) throw new Error('too many messages are unsent');
      await app!.toggle(true);
    },
    identify: async (visitor?: Members) => (await app!.connect()).identify(visitor || {}),
    context: (more: Members) => {
      facts = { ...facts, ...more };
      return chat?.addContext(more);
    },
    reset: forget,
    locale: async (wish: string) => {
      language = chooseLanguage([wish]);
      await app!.speak(language, await loadTexts(baseUrl, language));
    },
    consent: async (isGiven: unknown) => {
      isConsented = !!isGiven;
      if (isConsented) return show();
      queue.length = 0;
      await forget();
      saved.erase();
      app?.host.detach();
      app = undefined;
    },
    on: (event: string, handler: Handler) => (handlers[event] = [...(handlers[event] || []), handler]),
    off: (event: string, handler: Handler) => (handlers[event] = (handlers[event] || []).filter((h) => h !== handler)),
  };
  const queue: ArrayLike<unknown>[] = []; // commands before the widget is shown
  const { q = [] } = page.fivechat || {};
  page.fivechat = safely((name: string, ...args: unknown[]) => {
    if (!commands.hasOwnProperty(name)) {
      throw new Error(`'${name}' is no command. The commands are ${Object.keys(commands).join(', ')}`);
    }
    if (app || ['consent', 'on', 'off'].includes(name)) return commands[name]!(...(args as never[]));
    return queue.push([name, ...args]);
  });
  for (const args of q) page.fivechat(...(Array.from(args) as [string]));
  if (document.body) safely(show)();
  else document.addEventListener('DOMContentLoaded', safely(show));
}

safely(start)(SETTINGS);
