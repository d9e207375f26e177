import { describe, expect, it } from 'vitest';
import english from '../../internal/api/words/en.json';
import type { Agent } from '../../../../libs/web/api';
import { agentMessage, message } from './fakes';
import { asText } from './save';
import { addDraft, mergeStored, type ChatMessage } from './transcript';

describe('asText', () => {
  it('has times, names and texts of the stored messages', () => {
    const messages: ChatMessage[] = [];
    mergeStored(messages, message(1, { content: 'Is it *there*?\nThe atlas.' }));
    mergeStored(messages, agentMessage(2));
    mergeStored(messages, message(3, { senderType: 'SYSTEM', content: 'Ada left.' }));
    addDraft(messages, { id: 'd1', content: 'unsent' });
    const agents = new Map([[7, { id: 7, name: 'Ada' } as Agent]]);
    const at = new Intl.DateTimeFormat('de', { dateStyle: 'long', timeStyle: 'short' }).format(messages[0]!.at);
    const saved = { scrolled: 0 };
    expect(at).toContain('15. März 2026');
    expect(asText({ messages, agents, saved, retry: () => {} }, english, 'de')).toBe(
      `${at} · You\nIs it *there*?\nThe atlas.\n\n${at} · Ada\ntext 2\n\n${at}\nAda left.\n`,
    );
  });
});
