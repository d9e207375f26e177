// The page in which the console shows the widget: the real script, with settings that aren't stored yet. A stand-in
// answers the chat's requests, so that a preview creates no visitor and no conversation. The page is sandboxed: it has
// an origin of its own, without storage and cookies.
import type { Attachment, Conversation, Message, Session, Widget } from '../../../libs/web/api';

/** PreviewState is what the preview shows: the launcher, or the open chat. */
export type PreviewState = 'closed' | 'first' | 'chat' | 'away' | 'rating';

/** Preview is the message that makes the page show the widget, once. */
export interface Preview {
  settings: Widget;
  language: string;
  state: PreviewState;
  isDark: boolean;
  agent: string;
  question: string;
  answer: string;
}

const token = 'conv_preview';
const agentId = 1;
const json = (body: unknown, status = 200) => new Response(status === 204 ? null : JSON.stringify(body), { status });

/** Server is the stand-in. */
class Server {
  private readonly messages: Message[] = [];
  private readonly conversation: Conversation;

  constructor(private readonly preview: Preview) {
    const { state, question, answer } = preview;
    this.conversation = { token, status: state === 'rating' ? 'CLOSED' : 'OPEN', rating: null } as Conversation;
    if (state !== 'chat' && state !== 'rating') return;
    this.add('VISITOR', question);
    this.add('USER', answer);
  }

  private add(senderType: Message['senderType'], content: string): Message {
    const message = {
      id: this.messages.length + 1,
      content,
      senderType,
      userId: senderType === 'USER' ? agentId : null,
      read: true,
      createdAt: new Date().toISOString(),
    } as Message;
    this.messages.push(message);
    return message;
  }

  /** answer responds to a request of the chat. */
  answer(path: string, method: string, body: { content?: string; rating?: number }): Response {
    const { conversation, messages, preview } = this;
    if (path === '/visitor/sessions') {
      return json({
        visitor: { id: 1, blockedAt: null },
        visitorToken: 'vis_preview',
        visitorSecret: 'vsec_preview',
        conversation: messages.length ? conversation : null,
        agentsOnline: preview.state !== 'away',
        agentConversation: null,
        replySeconds: null,
      } as unknown as Session);
    }
    if (path === '/visitor/events') {
      return new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } });
    }
    if (path === '/visitor/heartbeat') return json({ agentsOnline: preview.state !== 'away', agentConversation: null });
    if (path.endsWith('/rate')) return json(Object.assign(conversation, { rating: body.rating }));
    if (path.endsWith('/close')) return json(Object.assign(conversation, { status: 'CLOSED' }));
    if (path.endsWith('/messages') && method === 'GET') {
      return json({
        conversation,
        messages,
        users: [{ id: agentId, name: preview.agent, avatarUrl: null }],
        hasMore: false,
      });
    }
    if (method === 'GET') return json({ data: [] }); // the visitor's other conversations
    if (!body.content) return json(null, 204);
    const message = this.add('VISITOR', body.content);
    return json(path === '/visitor/conversations' ? { conversation, message } : message, 201);
  }
}

let lastFileId = 0;

/** FileRequest is the stand-in for the request that uploads a file. The file stays in the page. */
class FileRequest {
  readonly upload = {};
  readonly status = 201;
  responseText = '';
  onload = () => {};
  onloadend = () => {};
  private name = '';

  open(_method: string, url: string) {
    this.name = new URL(url, location.href).searchParams.get('name') ?? '';
  }

  setRequestHeader() {}

  abort() {}

  send({ type, size }: Blob) {
    const file: Attachment = {
      id: ++lastFileId,
      name: this.name,
      type,
      size,
      width: null,
      height: null,
      url: '#',
      thumbnailUrl: null,
    };
    this.responseText = JSON.stringify(file);
    setTimeout(() => {
      this.onload();
      this.onloadend();
    });
  }
}

/** standIn lets a stand-in answer the requests of the chat. Scripts and texts come from the real server. */
function standIn(preview: Preview) {
  const server = new Server(preview);
  window.XMLHttpRequest = FileRequest as unknown as typeof XMLHttpRequest;
  const real = window.fetch.bind(window);
  window.fetch = (input, init) => {
    const { pathname } = new URL(String(input), location.href);
    if (pathname.startsWith('/widget')) return real(input, init);
    return Promise.resolve(
      server.answer(pathname, init?.method ?? 'GET', init?.body ? JSON.parse(String(init.body)) : {}),
    );
  };
}

/** keepFocus leaves the focus where it is, in the form beside the preview, until the person uses the preview. */
function keepFocus() {
  const { focus } = HTMLElement.prototype;
  HTMLElement.prototype.focus = () => {};
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true; // a modal dialog would take the focus
  };
  const release = () => (HTMLElement.prototype.focus = focus);
  for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, release, { once: true, capture: true });
}

type PageGlobals = {
  fivechat?: ((...command: unknown[]) => void) & { q?: unknown[][] };
  fivechatPreview?: Partial<Widget>;
};

function show(preview: Preview) {
  const { settings, language, state, isDark } = preview;
  const page = window as unknown as PageGlobals;
  standIn(preview);
  keepFocus();
  document.body.classList.toggle('dark', isDark);
  page.fivechatPreview = {
    ...settings,
    ...(settings.theme === 'auto' && { theme: isDark ? 'dark' : 'light' }),
    ...(state === 'away' && { businessHours: null }), // the away text is shown at any time
  };
  page.fivechat = (...command) => void (page.fivechat!.q ||= []).push(command);
  if (state !== 'closed') page.fivechat('open');
  const tag = document.createElement('script');
  tag.src = `/widget/${settings.websiteClientToken}?preview=true`;
  tag.dataset.lang = language;
  document.head.append(tag);
}

addEventListener('message', ({ data, source }) => source === parent && show(data as Preview), { once: true });
