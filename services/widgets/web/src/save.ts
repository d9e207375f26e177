// A conversation as a text file, which the browser makes of the messages on the screen.
import type { Texts } from './i18n';
import type { Thread } from './log';

const keptFor = 60_000; // milliseconds: some browsers read the file after the click

/** asText writes the stored messages with their authors and their times, in the visitor's time zone. */
export function asText({ messages, agents }: Thread, texts: Texts, language: string): string {
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short' });
  return messages
    .filter((m) => m.id)
    .map(({ content, at, from, agent }) => {
      const names = { VISITOR: texts.you, USER: agents.get(agent || 0)?.name || texts.agent, SYSTEM: '' };
      return [time.format(at), names[from]].filter(Boolean).join(' · ') + '\n' + content + '\n';
    })
    .join('\n');
}

/** save lets the browser store a text. */
export function save(text: string, name: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), keptFor);
}
