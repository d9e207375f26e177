// Commands: what the agent can do by a key, or find in the palette. Pages add theirs while they are shown.
import { createContext, use, useEffect, useMemo, useRef, type ReactNode } from 'react';

export interface Command {
  id: string;
  label: string;
  /** keys are one key, like `r`, or two after another, like `g i`. */
  keys?: string;
  /** isHidden leaves the command out of the palette, not out of the list of keys. */
  isHidden?: boolean;
  run: () => void;
}

const sequenceTime = 1_000; // milliseconds between the two keys of a command
const fields = /^(INPUT|TEXTAREA|SELECT)$/;

class Registry {
  private readonly groups = new Map<symbol, Command[]>();
  private pending = '';
  private pendingAt = 0;

  set(group: symbol, commands: Command[]) {
    this.groups.set(group, commands);
  }

  remove(group: symbol) {
    this.groups.delete(group);
  }

  /** all returns the commands; the ones of the page that was shown last come first. */
  all(): Command[] {
    const seen = new Set<string>();
    const all = [...this.groups.values()].reverse().flat();
    return all.filter((c) => !seen.has(c.id) && seen.add(c.id));
  }

  /** handle runs the command of a key, unless the agent writes into a field or the key belongs to a menu or dialog. */
  handle(e: KeyboardEvent) {
    const target = e.target as HTMLElement;
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.defaultPrevented) return;
    if (fields.test(target.tagName) || target.isContentEditable) {
      if (e.key === 'Escape') target.blur();
      return;
    }
    if (document.querySelector('[role=dialog], [role=menu], dialog[open]')) return;
    const isSecond = this.pending && e.timeStamp - this.pendingAt < sequenceTime;
    const keys = isSecond ? `${this.pending} ${e.key}` : e.key;
    const commands = this.all();
    const command = commands.find((c) => c.keys === keys) ?? commands.find((c) => c.keys === e.key);
    this.pending = '';
    if (command) {
      e.preventDefault();
      command.run();
    } else if (commands.some((c) => c.keys?.startsWith(e.key + ' '))) {
      this.pending = e.key;
      this.pendingAt = e.timeStamp;
    }
  }
}

const Context = createContext<Registry | null>(null);

export const useRegistry = () => use(Context)!;

/** useCommands offers commands while the component is shown. */
export function useCommands(commands: Command[]) {
  const registry = useRegistry();
  const group = useRef(Symbol());
  useEffect(() => registry.set(group.current, commands));
  useEffect(() => () => registry.remove(group.current), [registry]);
}

export function CommandProvider({ children }: { children: ReactNode }) {
  const registry = useMemo(() => new Registry(), []);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => registry.handle(e);
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [registry]);
  return <Context value={registry}>{children}</Context>;
}
