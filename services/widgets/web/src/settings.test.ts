import { describe, expect, it } from 'vitest';
import type { Widget } from '../../../../libs/web/api';
import { formFields, messagesIn } from './settings';

const texts = (messages: unknown, language = 'de-AT') => messagesIn(JSON.stringify(messages), language);
const fields = (chatFormFields: unknown, labels = {}) =>
  formFields({ chatFormFields: JSON.stringify(chatFormFields) } as Widget, labels);

describe('messagesIn', () => {
  it('reads texts and objects', () => {
    expect(texts(['a', { text: 'b' }, { message: 'c' }, { content: 'd' }])).toEqual(['a', 'b', 'c', 'd']);
  });

  it('selects the messages of the language, its base language and those without one', () => {
    const all = ['de-AT', 'de', 'fr', ''].map((lang) => ({ lang, text: 'in ' + lang }));
    expect(texts(all)).toEqual(['in de-AT', 'in de']);
    expect(texts(all, 'it')).toEqual(['in ']);
  });

  it.each([[null], [5], [{ text: 5 }], [''], [[]]])('ignores %j', (malformed) => {
    expect(texts([malformed, 'a'])).toEqual(['a']);
  });

  it.each(['', 'no JSON', '{"text": "a"}', 'null'])('is empty for %j', (text) => {
    expect(messagesIn(text, 'en')).toEqual([]);
  });
});

describe('formFields', () => {
  it('labels well-known names in the language of the widget', () => {
    const labels = { name: 'Nom' };
    expect(fields(['name', 'toString', { name: 'name', label: 'Who?' }], labels).map((f) => f.label)).toEqual([
      'Nom',
      'toString',
      'Who?',
    ]);
  });
  it('reads names and objects', () => {
    expect(fields(['name', 'email', { name: 'order', label: 'Order number', type: 'number', required: true }])).toEqual(
      [
        { name: 'name', label: 'name', type: 'text', required: false },
        { name: 'email', label: 'email', type: 'email', required: false },
        { name: 'order', label: 'Order number', type: 'number', required: true },
      ],
    );
  });

  it('shows an unknown type as text', () => {
    expect(fields([{ name: 'a', type: 'file' }])[0]!.type).toBe('text');
  });

  it.each([[null], [5], [''], [{ label: 'no name' }], [{ name: 5 }]])('ignores %j', (malformed) => {
    expect(fields([malformed, 'name'])).toHaveLength(1);
  });

  it('has at most 10 fields', () => {
    expect(fields(Array.from({ length: 11 }, (_, i) => 'field' + i))).toHaveLength(10);
  });

  it.each(['', 'no JSON', '{}'])('is empty for %j', (text) => {
    expect(formFields({ chatFormFields: text } as Widget, {})).toEqual([]);
  });
});
