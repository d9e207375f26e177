// The website's colours as custom properties of the style sheet. Unreadable text becomes black or white.
import type { Widget } from '../../../../libs/web/api';
import { readableColour, validColour } from './colour';

/** themeProperties returns the custom properties without their leading dashes. */
export function themeProperties(settings: Widget, prefersDark: boolean): Record<string, string> {
  const accent = validColour(settings.color, '#2563eb');
  const button = validColour(settings.buttonBgColor, accent);
  const bubble = validColour(settings.bubbleColor, '#e8effd');
  const text = validColour(settings.buttonTextColor, '#ffffff');
  const isAccentDark = readableColour('#ffffff', accent) === '#ffffff';
  return {
    x: (Number(settings.buttonXPos) || 0) + 'px',
    y: (Number(settings.buttonYPos) || 0) + 'px',
    color: accent,
    'color-text': readableColour(text, accent),
    button,
    'button-text': readableColour(text, button),
    bubble,
    'bubble-text': readableColour(validColour(settings.bubbleTextColor, '#111111'), bubble),
    ring: isAccentDark ? accent : 'currentColor',
    link: isAccentDark && !prefersDark ? accent : 'inherit',
  };
}
