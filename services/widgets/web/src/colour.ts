// Contrast after WCAG 2.2, so that text can be read on whatever colours a website chose.

const valid = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;

function luminance(hex: string): number {
  const short = hex.length < 6;
  const channel = (i: number) => {
    const part = short ? hex.charAt(1 + i).repeat(2) : hex.substr(1 + 2 * i, 2);
    const c = parseInt(part, 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2);
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** colour gives what a website chose, or the default where it is no colour. */
export const colour = (chosen: string, otherwise: string) => (valid.test(chosen) ? chosen : otherwise);

/** readable gives text's colour where it can be read on a ground, else the better of black and white. */
export function readable(text: string, ground: string): string {
  if (contrast(text, ground) >= 4.5) return text;
  return contrast('#ffffff', ground) >= contrast('#111111', ground) ? '#ffffff' : '#111111';
}
