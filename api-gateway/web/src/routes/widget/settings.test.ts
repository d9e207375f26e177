import { describe, expect, it } from 'vitest';
import type { Widget } from '../../../../../libs/web/api';
import {
  adviceOn,
  changedMembers,
  isColour,
  jsonOfMessages,
  jsonOfQuestions,
  languages,
  messagesOf,
  pick,
  pickerValue,
  questionsOf,
} from './settings';

const words = import.meta.glob('../../../../../services/widgets/internal/api/words/*.json');

describe('languages', () => {
  it('are those that the widget has texts in', () => {
    const codes = Object.keys(words).map((file) => file.replace(/.*\/(.*)\.json/, '$1'));
    expect([...languages].sort()).toEqual(codes.sort());
  });
});

describe('messages', () => {
  it('are read in each form that the widget takes, and written in one', () => {
    const said = messagesOf('["Hello!", {"lang":"de","message":"Hallo!"}, null]');
    expect(said).toEqual([
      { lang: '', text: 'Hello!' },
      { lang: 'de', text: 'Hallo!' },
      { lang: '', text: '' },
    ]);
    expect(jsonOfMessages(said.slice(0, 2))).toBe('["Hello!",{"lang":"de","text":"Hallo!"}]');
  });

  it('of a malformed setting are none', () => {
    expect([messagesOf('{'), messagesOf('{"a":1}'), questionsOf('')]).toEqual([[], [], []]);
  });
});

describe('questions', () => {
  it('are read and written', () => {
    const asked = questionsOf('["name", {"name":"order","label":"Order","type":"number","required":true}]');
    expect(asked[0]).toEqual({ name: 'name', label: '', type: '', required: false });
    expect(jsonOfQuestions(asked)).toBe(
      '[{"name":"name"},{"name":"order","label":"Order","type":"number","required":true}]',
    );
  });
});

describe('a change', () => {
  it('has the settings that differ', () => {
    const before = { color: '#111111', notices: ['badge'], reopen: false } as unknown as Widget;
    const after = { ...before, notices: ['badge', 'sound'] } as Widget;
    expect(changedMembers(before, after)).toEqual(['notices']);
    expect(pick(after, ['notices'])).toEqual({ notices: ['badge', 'sound'] });
  });
});

describe('advice', () => {
  it('says how the widget shows a text that is hard to read', () => {
    expect(adviceOn('#ffffff', '#000000')).toEqual({ contrast: 21, instead: null });
    expect(adviceOn('#ffffff', '#ffee00').instead).toBe('black');
    expect(adviceOn('#333333', '#000000').instead).toBe('white');
  });
});

describe('a colour field', () => {
  it('gets a colour of six digits', () => {
    expect([pickerValue('#abc'), pickerValue('#abcd'), pickerValue('#11223344'), pickerValue('x')]).toEqual([
      '#aabbcc',
      '#aabbcc',
      '#112233',
      '#000000',
    ]);
  });
});

describe('isColour', () => {
  it('accepts what the server takes, and nothing else', () => {
    expect(['#fff', '#ffff', '#2563eb', '#2563EB80'].filter(isColour)).toHaveLength(4);
    expect(['', 'banana', '2563eb', '#25', '#2563e', '#2563eb8', '#2563eb x'].filter(isColour)).toEqual([]);
  });
});
