// The script that a website's tag loads. It starts once a page, however often the tag stands there, and whatever goes wrong
// in it never reaches the page.
import { Api } from './api';
import { Chat } from './chat';
import { choose, direction, words } from './i18n';
import { Memory } from './memory';
import type { Widget } from '../../../../libs/web/api';
import { View } from './view';

/** SETTINGS stands where the server puts the website's settings. */
declare const SETTINGS: Widget;

type Handler = (detail?: unknown) => void;
type Command = (name: string, ...args: any[]) => void;

const complain = (err: unknown) => console.warn('fivechat:', err);

/** safely keeps what a function throws, now or later, from the page. */
const safely =
  <A extends unknown[]>(f: (...a: A) => unknown) =>
  (...a: A): void => {
    try {
      const result = f(...a);
      if (result instanceof Promise) result.catch(complain);
    } catch (err) {
      complain(err);
    }
  };

/** tagOf finds the tag that loaded the script: a tag that was injected may not be the current one. */
function tagOf(token: string): HTMLScriptElement | null {
  const path = '/widget/' + token;
  const is = (e: Element | null): e is HTMLScriptElement =>
    e instanceof HTMLScriptElement && !!e.src && new URL(e.src, location.href).pathname.endsWith(path);
  return is(document.currentScript as Element | null)
    ? (document.currentScript as HTMLScriptElement)
    : Array.from(document.scripts).find(is) || null;
}

function start(settings: Widget) {
  const page = window as unknown as { fivechatStarted?: boolean; fivechat?: Command & { q?: IArguments[] } };
  if (page.fivechatStarted) return;
  page.fivechatStarted = true;
  const token = settings.websiteClientToken;
  const tag = tagOf(token);
  const base = tag ? tag.src.slice(0, tag.src.indexOf('/widget/' + token)) : location.origin;
  const asked = tag?.dataset.lang || document.documentElement.lang;
  const language = choose([...(asked ? [asked] : []), ...navigator.languages]);

  const handlers: Record<string, Handler[]> = {};
  const tell = (event: string, detail?: unknown) => {
    for (const h of handlers[event] || []) safely(h)(detail);
  };

  const show = async () => {
    const spoken = await words(base, language);
    let view: View | undefined;
    let unread = 0;
    const memory = new Memory(token);
    const chat = new Chat(
      new Api(base, memory),
      token,
      settings.pageParameters || [],
      memory,
      () => {
        view?.draw();
        if (chat.unread !== unread) tell('unread', (unread = chat.unread));
      },
      (content) => tell('message', { content }),
    );
    view = new View(settings, chat, spoken, direction(language), language, tell, safely);

    const commands: Record<string, (...args: any[]) => unknown> = {
      open: () => view!.toggle(true),
      close: () => view!.toggle(false),
      toggle: () => view!.toggle(),
      identify: async (who: { name?: string } & Record<string, unknown>) => {
        const { name, ...context } = who || {};
        await chat.start();
        await chat.session({ ...(name && { name: String(name).slice(0, 100) }), context });
      },
      on: (event: string, h: Handler) => (handlers[event] ||= []).push(h),
      off: (event: string, h: Handler) => (handlers[event] = (handlers[event] || []).filter((x) => x !== h)),
    };
    const waiting = page.fivechat?.q || [];
    page.fivechat = safely((name: string, ...args: any[]) => {
      if (!Object.keys(commands).includes(name)) throw new Error('there is no command ' + name);
      return commands[name]!(...args);
    });
    for (const args of waiting) page.fivechat(...(Array.from(args) as [string]));
    tell('ready');
    // No visitor is made until there is a reason: the chat is opened, the page says who they are, or they came before.
    if (memory.visitor || memory.outbox.length) chat.start().catch(complain);
  };
  if (document.body) safely(show)();
  else document.addEventListener('DOMContentLoaded', safely(show));
}

safely(start)(SETTINGS);
