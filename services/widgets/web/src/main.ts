// The entry point of the script that a website's tag loads. It starts once per page, even if the page has several tags.
import type { Widget } from '../../../../libs/web/api';
import { Api } from './api';
import { Chat } from './chat';
import { chooseLanguage, loadTexts } from './i18n';
import { browserPage } from './page';
import { safely, warn } from './safely';
import { SavedState } from './storage';
import { View } from './view';

/** The server replaces SETTINGS with the website's settings. */
declare const SETTINGS: Widget;

type Handler = (detail?: unknown) => void;
type Command = (name: string, ...args: unknown[]) => void;
type PageGlobals = { fivechatStarted?: boolean; fivechat?: Command & { q?: IArguments[] } };

/** findTag returns the tag that loaded the script. An injected tag may not be document.currentScript. */
function findTag(clientToken: string): HTMLScriptElement | undefined {
  const path = '/widget/' + clientToken;
  const isTag = (e: Element | null): e is HTMLScriptElement =>
    e instanceof HTMLScriptElement && !!e.src && new URL(e.src, location.href).pathname.endsWith(path);
  return [document.currentScript as Element | null, ...document.scripts].find(isTag);
}

function start(settings: Widget) {
  const page = window as unknown as PageGlobals;
  if (page.fivechatStarted) return;
  page.fivechatStarted = true;
  const token = settings.websiteClientToken;
  const tag = findTag(token);
  const baseUrl = tag ? tag.src.slice(0, tag.src.indexOf('/widget/' + token)) : location.origin;
  const wished = tag?.dataset.lang || document.documentElement.lang;
  const language = chooseLanguage([wished || '', ...navigator.languages]);

  const handlers: Record<string, Handler[]> = {};
  const emit = (event: string, detail?: unknown) => {
    for (const handler of handlers[event] || []) safely(handler)(detail);
  };

  const show = async () => {
    const texts = await loadTexts(baseUrl, language);
    const saved = new SavedState(token);
    let view: View | undefined;
    let unread = 0;
    const onChange = (isOtherVisitor?: boolean) => {
      if (isOtherVisitor) view?.clear();
      view?.draw();
      if (chat.unreadCount === unread) return;
      unread = chat.unreadCount;
      emit('unread', unread);
    };
    const onAgentMessage = (content: string) => emit('message', { content });
    const browser = browserPage(settings.pageParameters || []);
    const chat = new Chat(new Api(baseUrl, saved), browser, token, saved, onChange, onAgentMessage);
    view = new View(settings, chat, texts, language, emit);

    // The commands that pages call: fivechat('open').
    const commands: Record<string, (...args: never[]) => unknown> = {
      open: () => view!.toggle(true),
      close: () => view!.toggle(false),
      toggle: () => view!.toggle(),
      reset: () => {
        chat.reset();
        view!.toggle(false);
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
