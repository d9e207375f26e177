// One conversation: its messages, the reply, and what is known about the visitor.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConversationPatch } from '../../../libs/web/api';
import { Facts } from './facts';
import { Log } from './log';
import { AssigneeSelect, Empty, Icon, Skeleton, useStore } from './parts';
import type { Store } from './store';
import { texts } from './texts';
import type { LoadedThread } from './thread';

const maxReplyHeight = 200; // pixels

export function ConversationView({ store, token }: { store: Store; token: string }) {
  useStore(store);
  const [error, setError] = useState('');
  const fail = (err: Error) => setError(texts.failed + err.message);
  useEffect(() => {
    setError('');
    store.open(token).catch(fail);
    return () => {
      store.openToken = '';
    };
  }, [token]);
  const loaded = store.threads.get(token);
  if (error || !loaded) {
    return <main class="talk">{error ? <Empty>{error}</Empty> : <Skeleton rows={6} />}</main>;
  }
  const name = loaded.thread.visitor?.name || `${texts.visitor} ${loaded.thread.conversation.visitorId}`;
  const change = (patch: ConversationPatch) => store.patch(token, patch).catch(fail);
  return (
    <>
      <main class="talk">
        <Header store={store} loaded={loaded} name={name} change={change} />
        <Log store={store} loaded={loaded} name={name} />
        <Reply store={store} token={token} />
      </main>
      <Facts store={store} loaded={loaded} change={change} />
    </>
  );
}

interface HeaderProps {
  store: Store;
  loaded: LoadedThread;
  name: string;
  change: (patch: ConversationPatch) => void;
}

function Header({ store, loaded, name, change }: HeaderProps) {
  const { assigneeId, rating, status } = loaded.thread.conversation;
  const { agent, isWritable } = store;
  const isOpen = status === 'OPEN';
  return (
    <header>
      <a class="icon narrow" href="#/inbox" aria-label={texts.back}>
        <Icon name="back" />
      </a>
      <h1 dir="auto">{name}</h1>
      {rating && (
        <span class="dim" title={texts.rated}>
          {'★'.repeat(rating)}
        </span>
      )}
      <label class="assignee">
        <span class="hidden">{texts.assignee}</span>
        <AssigneeSelect store={store} assigneeId={assigneeId} change={(id) => change({ assigneeId: id })} />
      </label>
      {agent && assigneeId !== agent.id && (
        <button
          type="button"
          id="take"
          class="button"
          disabled={!isWritable}
          onClick={() => change({ assigneeId: agent.id })}
        >
          {texts.assignMe}
        </button>
      )}
      <button
        type="button"
        id="close"
        class="button"
        disabled={!isWritable}
        onClick={() => change({ status: isOpen ? 'CLOSED' : 'OPEN' })}
      >
        {isOpen ? texts.close : texts.reopen}
      </button>
    </header>
  );
}

function Reply({ store, token }: { store: Store; token: string }) {
  const input = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (matchMedia('(min-width: 800px)').matches) input.current?.focus();
  }, [token]);
  if (!store.isWritable) return <p class="reply dim">{texts.readOnly}</p>;
  const resize = () => {
    const { current } = input;
    current!.style.height = 'auto';
    current!.style.height = Math.min(current!.scrollHeight + 2, maxReplyHeight) + 'px';
  };
  const submit = (e: Event) => {
    e.preventDefault();
    const content = input.current!.value.trim();
    if (!content) return;
    store.reply(token, content);
    input.current!.value = '';
    resize();
  };
  return (
    <form class="reply" onSubmit={submit}>
      <textarea
        id="reply"
        ref={input}
        rows={1}
        dir="auto"
        aria-label={texts.write}
        placeholder={texts.write}
        maxLength={60_000}
        onInput={(e) => {
          resize();
          store.reportTyping(token, !!e.currentTarget.value.trim());
        }}
        onBlur={() => store.reportTyping(token, false)}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) submit(e);
        }}
      />
      <button class="primary round" aria-label={texts.send}>
        <Icon name="send" />
      </button>
    </form>
  );
}
