// The entry point of the script that a website's tag loads. It starts once per page, even if the page has several tags.
import type { Widget } from '../../../../libs/web/api';
import { Api } from './api';
import { App } from './app';
import { Chat } from './chat';
import { chooseLanguage, loadTexts } from './i18n';
import { browserPage } from './page';
import { safely, warn } from './safely';
import { findServer, findTag } from './server';
import { SavedState } from './storage';

/** The server replaces SETTINGS with the website's settings, and PANEL with the version of the panel's script. */
declare const SETTINGS: Widget;
declare const PANEL: string;

type Handler = (detail?: unknown) => void;
type Command = (name: string, ...args: unknown[]) => void;
type PageGlobals = { fivechatStarted?: () => void; fivechat?: Command & { q?: IArguments[] } };

function start(settings: Widget) {
  const page = window as unknown as PageGlobals;
  if (page.fivechatStarted) {
    page.fivechatStarted(); // another tag
    return;
  }
  let app: App | undefined;
  page.fivechatStarted = () => app?.host.attach();
  const token = settings.websiteClientToken;
  const tag = findTag(token);
  const baseUrl = findServer(tag, token);
  if (!baseUrl) {
    warn('this copy of the script does not know its server: set window.fivechatServer before it runs');
    return;
  }
  const wished = tag?.dataset.lang || document.documentElement.lang;
  const language = chooseLanguage([wished || '', ...navigator.languages]);

  const handlers: Record<string, Handler[]> = {};
  const emit = (event: string, detail?: unknown) => {
    for (const handler of handlers[event] || []) safely(handler)(detail);
  };

  const show = async () => {
    const texts = await loadTexts(baseUrl, language);
    const saved = new SavedState(token);
    let unread = 0;
    const onChange = (isOtherVisitor?: boolean) => {
      if (isOtherVisitor) app?.clear();
      app?.draw();
      if (chat.unreadCount === unread) return;
      unread = chat.unreadCount;
      emit('unread', unread);
    };
    const onAgentMessage = (content: string) => emit('message', { content });
    const browser = browserPage(settings.pageParameters || []);
    const chat = new Chat(new Api(baseUrl, saved), browser, token, saved, onChange, onAgentMessage);
    const panelUrl = `${baseUrl}/widget-panel/${PANEL}`;
    const begin = () => {
      app = new App(settings, chat, texts, language, panelUrl, emit, begin);
    };
    begin();

    // The commands that pages call: fivechat('open').
    const commands: Record<string, (...args: never[]) => unknown> = {
      open: () => app!.toggle(true),
      close: () => app!.toggle(false),
      toggle: () => app!.toggle(),
      reset: () => {
        chat.reset();
        return app!.toggle(false);
      },
      identify: (visitor?: Record<string, unknown>) => chat.identify(visitor || {}),
      on: (event: string, handler: Handler) => (handlers[event] = [...(handlers[event] || []), handler]),
      off: (event: string, handler: Handler) =>
        (handlers[event] = (handlers[event] || []).filter((h) => h !== handler)),
    };
    const queued = page.fivechat?.q || [];
    page.fivechat = safely((name: string, ...args: unknown[]) => {
      if (!commands.hasOwnProperty(name)) throw new Error('unknown: ' + name);
      return commands[name]!(...(args as never[]));
    });
    for (const args of queued) page.fivechat(...(Array.from(args) as [string]));
    emit('ready');
    // A new visitor gets a session when the chat is opened or the page identifies them, not on a mere page view.
    if (saved.visitor || saved.outbox.length) chat.start().catch(warn);
  };
  if (document.body) safely(show)();
  else document.addEventListener('DOMContentLoaded', safely(show));
}

safely(start)(SETTINGS);
