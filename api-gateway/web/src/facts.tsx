// What is known about the visitor of a conversation, and the tags of the conversation.
import type { ConversationPatch } from '../../../libs/web/api';
import { visitorFacts } from './inbox';
import { Avatar, flag, Icon, IconButton, moment } from './parts';
import type { Store } from './store';
import { texts } from './texts';
import type { LoadedThread } from './thread';

interface Props {
  store: Store;
  loaded: LoadedThread;
  change: (change: ConversationPatch) => void;
}

export function Facts({ store, loaded, change }: Props) {
  const { visitor, conversation } = loaded.thread;
  const isOnline = store.isOnline(conversation.visitorId);
  const { user, isVerified, place, ip, context } = visitorFacts(visitor);
  const facts: [string, string][] = [];
  if (user) facts.push([isVerified ? texts.verified : texts.claimed, user]);
  if (place) facts.push([texts.place, (visitor?.country ? flag(visitor.country) + ' ' : '') + place]);
  if (ip) facts.push([texts.address, ip]);
  if (visitor) facts.push([texts.since, moment(visitor.createdAt)], ...context);
  return (
    <aside class="facts" aria-label={texts.facts}>
      <h2>{texts.facts}</h2>
      <p class="who">
        <Avatar name={visitor?.name || '?'} online={isOnline} />
        <span>
          <b dir="auto">{visitor?.name}</b>
          {isVerified && (
            <span class="verified" role="img" aria-label={texts.verified} title={texts.verified}>
              ✓
            </span>
          )}
          <small>{isOnline ? texts.isOnline : texts.offline}</small>
        </span>
      </p>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt dir="auto">{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
      <Tags store={store} loaded={loaded} change={change} />
      {conversation.summary && (
        <>
          <h2>{texts.summary}</h2>
          <p dir="auto">{conversation.summary}</p>
        </>
      )}
    </aside>
  );
}

function Tags({ store, loaded, change }: Props) {
  const { tags } = loaded.thread.conversation;
  const add = (e: SubmitEvent) => {
    e.preventDefault();
    const input = (e.currentTarget as HTMLFormElement).elements.namedItem('tag') as HTMLInputElement;
    if (input.value.trim()) change({ tags: [...tags, input.value.trim()] });
    input.value = '';
  };
  return (
    <>
      <h2>{texts.tags}</h2>
      <ul class="tags">
        {tags.map((tag) => (
          <li key={tag}>
            <span dir="auto">{tag}</span>
            {store.isWritable && (
              <button
                type="button"
                aria-label={`${texts.remove}: ${tag}`}
                onClick={() => change({ tags: tags.filter((t) => t !== tag) })}
              >
                <Icon name="close" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {store.isWritable && (
        <form class="add" onSubmit={add}>
          <input name="tag" list="tags" maxLength={60} placeholder={texts.addTag} aria-label={texts.addTag} />
          <datalist id="tags">
            {store.tags.map((tag) => (
              <option key={tag} value={tag} />
            ))}
          </datalist>
          <IconButton
            name="plus"
            label={texts.addTag}
            onClick={() => document.querySelector<HTMLFormElement>('.add')!.requestSubmit()}
          />
        </form>
      )}
    </>
  );
}
