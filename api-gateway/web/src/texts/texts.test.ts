import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';
import { languages, setTexts, t, tEnum } from '.';
import en from './en.json';

const all = import.meta.glob<Record<string, string>>('./*.json', { eager: true, import: 'default' });
const sources = Object.values(
  import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.ts'], { eager: true, query: '?raw', import: 'default' }),
).join('\n');

/** argumentsOf returns the names of a message's values. It throws if the message isn't ICU. */
function argumentsOf(text: string, language: string): string {
  const names = new Set<string>();
  const visit = (parts: ReturnType<IntlMessageFormat['getAst']>) => {
    for (const part of parts) {
      if (part.type !== 0 && 'value' in part) names.add(String(part.value));
      if ('options' in part) for (const option of Object.values(part.options)) visit(option.value);
    }
  };
  visit(new IntlMessageFormat(text, language, undefined, { ignoreTag: true }).getAst());
  return [...names].sort().join();
}

describe.each(languages)('the texts in %s', (language) => {
  const texts = all[`./${language}.json`]!;

  it('have the keys of the English ones', () => {
    expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort());
    expect(Object.values(texts).filter((text) => !text)).toEqual([]);
  });

  it('are messages with the values of the English ones', () => {
    for (const [key, text] of Object.entries(en)) {
      expect([key, argumentsOf(texts[key]!, language)]).toEqual([key, argumentsOf(text, 'en')]);
    }
  });
});

describe('the English texts', () => {
  it('are all used', () => {
    // Their values come from the API.
    const kinds =
      /^(assignment|status|ticketStatus|channel|priority|level|role|provider|way|notify|mailState|mailKind|event|delivery|webhookDisabled)\./;
    const isUsed = (key: string) => kinds.test(key) || sources.includes(`'${key}'`) || sources.includes(`"${key}"`);
    expect(Object.keys(en).filter((key) => !isUsed(key))).toEqual([]);
  });
});

describe('t', () => {
  it('fills in values, by the rules of plurals', () => {
    expect(t('hasJoined', { name: 'Ada' })).toBe('Ada joined');
    expect([t('unreadCount', { count: 1 }), t('unreadCount', { count: 1200 })]).toEqual([
      '1 unread message',
      '1,200 unread messages',
    ]);
  });

  it('takes a value as text, not as a message or markup', () => {
    expect(t('hasJoined', { name: '<b>{x}</b>' })).toBe('<b>{x}</b> joined');
  });

  it('shows a text that lacks a value', () => {
    expect(t('hasJoined')).toBe('{name} joined');
  });

  it('shows a new value of the API as it is', () => {
    expect([tEnum('status', 'OPEN'), tEnum('status', 'SNOOZED_LATER')]).toEqual(['Open', 'SNOOZED_LATER']);
  });

  it('has the texts that were set last', () => {
    setTexts({ ...en, hasJoined: 'Neu: {name}' });
    expect(t('hasJoined', { name: 'Ada' })).toBe('Neu: Ada');
    setTexts(en);
  });
});
