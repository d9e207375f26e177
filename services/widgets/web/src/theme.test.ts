import { describe, expect, it } from 'vitest';
import type { Widget } from '../../../../libs/web/api';
import { contrast, readableColour, validColour } from '../../../../libs/web/colour';
import { isDarkTheme, themeProperties } from './theme';

const theme = (settings: Partial<Widget>, prefersDark = false) => themeProperties(settings as Widget, prefersDark);

describe('validColour', () => {
  it.each(['#abc', '#abcd', '#A1b2C3', '#a1b2c3d4'])('accepts %s', (colour) => {
    expect(validColour(colour, '#000000')).toBe(colour);
  });

  it.each(['', 'red', '#12', '#12345', '#12345g', '#123456;color:red'])('replaces %j by the default', (colour) => {
    expect(validColour(colour, '#000000')).toBe('#000000');
  });
});

describe('readableColour', () => {
  it('keeps a colour with enough contrast', () => {
    expect(readableColour('#ffffff', '#2563eb')).toBe('#ffffff');
  });

  it.each([
    ['#2563eb', '#2563eb', '#ffffff'],
    ['#ffffff', '#fde047', '#111111'],
  ])('replaces %s on %s by %s', (text, background, readable) => {
    expect(readableColour(text, background)).toBe(readable);
  });

  it('reads short colours like long ones', () => {
    expect(contrast('#fff', '#000')).toBeCloseTo(21);
  });
});

describe('themeProperties', () => {
  it('makes every text readable on its background', () => {
    const p = theme({ color: '#fde047', buttonBgColor: '#111827', buttonTextColor: '#1f2937', bubbleColor: '#000' });
    for (const name of ['color', 'button', 'bubble']) {
      expect(contrast(p[name + '-text']!, p[name]!)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('uses the defaults for malformed colours and positions', () => {
    expect(theme({ color: 'red', buttonBgColor: '', buttonXPos: 'left' as never })).toMatchObject({
      color: '#2563eb',
      button: '#2563eb',
      x: '0px',
    });
  });

  it('colours links only if they are readable in the panel', () => {
    expect(theme({ color: '#2563eb' }).link).toBe('#2563eb');
    expect(theme({ color: '#2563eb' }, true).link).toBe('inherit');
    expect(theme({ color: '#fde047' }).link).toBe('inherit');
  });
});

describe('isDarkTheme', () => {
  it('is the website’s choice, or the system’s', () => {
    const both = (theme: Widget['theme']) => [isDarkTheme(theme, false), isDarkTheme(theme, true)];
    expect(both('light')).toEqual([false, false]);
    expect(both('dark')).toEqual([true, true]);
    expect(both('auto')).toEqual([false, true]);
  });
});

describe('the bubble in the dark', () => {
  it('is dark unless the website has chosen a colour', () => {
    const bubble = (bubbleColor: string, isDark: boolean) => theme({ bubbleColor }, isDark).bubble;
    expect([bubble('#eff6ff', false), bubble('#eff6ff', true)]).toEqual(['#eff6ff', '#1e3a6e']);
    expect([bubble('#fde047', true), bubble('', true)]).toEqual(['#fde047', '#1e3a6e']);
  });
});
