// Colour contrast as WCAG 2.2 defines it, so that text is readable on any colours that a website chooses.

const hexColour = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;
const minContrast = 4.5; // level AA for text

/** luminance is the relative luminance of a colour; its alpha channel is ignored. */
function luminance(hex: string): number {
  const isShort = hex.length < 6;
  const channel = (i: number) => {
    const part = isShort ? hex.charAt(1 + i).repeat(2) : hex.substr(1 + 2 * i, 2);
    const c = parseInt(part, 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2);
}

export function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** validColour returns a colour that a website chose, or the default if it isn't a hexadecimal colour. */
export const validColour = (chosen: string, defaultColour: string) => (hexColour.test(chosen) ? chosen : defaultColour);

/** readableColour returns the text colour if its contrast suffices, or else the better of black and white. */
export function readableColour(text: string, background: string): string {
  if (contrast(text, background) >= minContrast) return text;
  return contrast('#ffffff', background) >= contrast('#111111', background) ? '#ffffff' : '#111111';
}
