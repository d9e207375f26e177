// Texts that the server accepts: without halves of characters, and not longer than allowed.

/** wellFormed replaces halves of characters (lone surrogates), which no server can store, by U+FFFD. */
export const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\ufffd');

/** cut shortens a text to a number of characters. It doesn't cut one in half. */
export const cut = (text: string, length: number) => [...wellFormed(text)].slice(0, length).join('');

const size = (value: unknown) => new TextEncoder().encode(JSON.stringify(value) ?? '').length;

/**
 * fitting returns the members of a context that fit into a number of bytes as JSON, in their order. Members that are
 * no JSON are left out.
 */
export function fitting(context: Record<string, unknown>, bytes: number): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  let left = bytes;
  for (const name in context) {
    const value = context[name];
    try {
      const sound: unknown = JSON.parse(JSON.stringify(value), (_, v) => (typeof v === 'string' ? wellFormed(v) : v));
      const needed = size(name) + size(sound) + 2;
      if (needed > left) continue;
      left -= needed;
      kept[wellFormed(name)] = sound;
    } catch {
      // undefined, a function, or a cycle
    }
  }
  return kept;
}
