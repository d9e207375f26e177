// What one agent's browser keeps: texts that aren't sent, and settings. Another person at the same browser doesn't see
// it.

const prefix = 'fivechat:console:';

/** Keep stores values of one user of one website in the browser. A value that can't be stored is lost with the page. */
export class Keep {
  constructor(private readonly owner: string) {}

  private key(name: string) {
    return `${prefix}${this.owner}:${name}`;
  }

  read<T>(name: string): T | null {
    try {
      return JSON.parse(localStorage.getItem(this.key(name)) ?? 'null') as T | null;
    } catch {
      return null;
    }
  }

  /** write stores a value, or removes it if it is null. */
  write(name: string, value: unknown) {
    try {
      if (value === null) localStorage.removeItem(this.key(name));
      else localStorage.setItem(this.key(name), JSON.stringify(value));
    } catch {
      // The storage is full or not allowed.
    }
  }

  /** names returns the names of the values that begin with a text. */
  names(begin: string): string[] {
    const from = this.key('');
    return Object.keys(localStorage)
      .filter((k) => k.startsWith(from + begin))
      .map((k) => k.slice(from.length));
  }

  /** clear removes everything of the owner: at the end of the session that they asked for. */
  clear() {
    for (const name of this.names('')) this.write(name, null);
  }
}
