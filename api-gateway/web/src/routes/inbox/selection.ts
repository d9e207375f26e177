// Which rows of a list are selected.
import { useState } from 'react';

/** Selection is the selected rows of a list, by token. */
export interface Selection {
  tokens: ReadonlySet<string>;
  /** toggle selects a row, or not any more. With isRange, the rows since the last one become like it. */
  toggle: (token: string, isRange: boolean) => void;
  all: () => void;
  clear: () => void;
}

/** toggled returns the selection after a row was toggled. */
export function toggled(
  list: string[],
  selected: ReadonlySet<string>,
  last: string,
  token: string,
  isRange: boolean,
): Set<string> {
  const next = new Set(selected);
  const from = list.indexOf(last);
  const to = list.indexOf(token);
  const range = isRange && from >= 0 && to >= 0 ? list.slice(Math.min(from, to), Math.max(from, to) + 1) : [token];
  const isOn = !selected.has(token);
  for (const one of range) {
    if (isOn) next.add(one);
    else next.delete(one);
  }
  return next;
}

/** useSelection keeps the selection of a list. Rows that leave the list are selected no more. */
export function useSelection(list: string[]): Selection {
  const [{ selected, last }, set] = useState({ selected: new Set<string>(), last: '' });
  const tokens = new Set(list.filter((token) => selected.has(token)));
  return {
    tokens,
    toggle: (token, isRange) => set({ selected: toggled(list, tokens, last, token, isRange), last: token }),
    all: () => set({ selected: new Set(list), last: '' }),
    clear: () => set({ selected: new Set(), last: '' }),
  };
}
