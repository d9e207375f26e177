import { describe, expect, it } from 'vitest';
import { isSameDay, isSoonAfter, span, Times } from './time';

const at = (day: number, hour: number, minute = 0, year = 2026) => new Date(year, 2, day, hour, minute).getTime();
const now = at(15, 9);

describe('Times', () => {
  it('writes the time as in the language', () => {
    expect(new Times('de').time(at(15, 14, 5))).toBe('14:05');
    expect(new Times('de').time(at(15, 0, 30))).toBe('00:30');
    expect(new Times('en').time(at(15, 14, 5))).toMatch(/^2:05\sPM$/);
  });
  it('names the day', () => {
    const english = new Times('en');
    expect(english.day(at(15, 0), now)).toBe('Today');
    expect(english.day(at(14, 23, 59), now)).toBe('Yesterday');
    expect(english.day(at(13, 9), now)).toBe('Friday, March 13');
    expect(english.day(at(13, 9, 0, 2025), now)).toBe('March 13, 2025');
    expect(new Times('pt-BR').day(at(14, 1), now)).toBe('Ontem');
    expect(new Times('ja').day(at(14, 1), now)).toBe('昨日');
    expect(new Times('ar').day(now, now)).toBe('اليوم');
  });
});

describe('a moment', () => {
  it('is a weekday and a time, with the date from a week on', () => {
    const german = new Times('de');
    expect(german.moment(at(15, 14, 5), now)).toMatch(/^Sonntag\D* 14:05$/);
    expect(german.moment(at(21, 9), now)).toMatch(/^Samstag\D* 09:00$/);
    expect(german.moment(at(22, 9), now)).toMatch(/^Sonntag\D* 22\. März\D* 0?9:00$/);
    expect(new Times('en').moment(at(16, 9), now)).toMatch(/^Monday\D* 9:00\sAM$/);
  });
});

describe('span', () => {
  it.each([
    [0, '1 minute'],
    [61, '2 minutes'],
    [301, '10 minutes'],
    [3300, '55 minutes'],
    [3301, '1 hour'],
    [3601, '2 hours'],
  ])('rounds %i seconds up', (seconds, expected) => expect(span(seconds, 'en')).toBe(expected));
  it('is written in the language', () => {
    expect(span(600, 'de')).toBe('10 Minuten');
    expect(span(7200, 'ja')).toBe('2 時間');
    expect(span(120, 'ar')).toBe('دقيقتان');
  });
});

describe('groups', () => {
  it('end with the day and after a pause', () => {
    expect(isSoonAfter(at(14, 12), at(14, 12, 4))).toBe(true);
    expect(isSoonAfter(at(14, 12), at(14, 12, 6))).toBe(false);
    expect(isSoonAfter(at(14, 23, 59), at(15, 0))).toBe(false);
    expect(isSameDay(at(14, 0), at(14, 23, 59))).toBe(true);
  });
});
