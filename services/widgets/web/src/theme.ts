// The website's colours as custom properties of the style sheet. Unreadable text becomes black or white.
import type { Widget } from '../../../../libs/web/api';
import { readableColour, validColour } from '../../../../libs/web/colour';

const defaultBubble = '#eff6ff'; // of a new website; in the dark it dazzles

/** isDarkTheme follows the visitor's system unless the website has chosen. */
export const isDarkTheme = (theme: Widget['theme'], isSystemDark: boolean) =>
  theme === 'dark' || (theme !== 'light' && isSystemDark);

/** themeProperties returns the custom properties without their leading dashes. */
export function themeProperties(settings: Widget, isDark: boolean): Record<string, string> {
  const accent = validColour(settings.color, '#2563eb');
  const button = validColour(settings.buttonBgColor, accent);
  const isBubbleChosen = !isDark || settings.bubbleColor !== defaultBubble;
  const bubble = validColour(isBubbleChosen ? settings.bubbleColor : '', isDark ? '#1e3a6e' : '#e8effd');
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
    link: isAccentDark && !isDark ? accent : 'inherit',
  };
}
