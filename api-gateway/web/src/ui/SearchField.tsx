// The field for a search, and what is wrong with one.
import { Search, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../api/client';
import { t } from '../texts';
import { useCommands } from './commands';
import { IconButton } from './parts';

const searchDelay = 150; // milliseconds without another letter
const problemId = 'search-problem';

interface SearchFieldProps {
  label: string;
  text: string;
  /** change gets the text when the person pauses. */
  change: (text: string) => void;
}

export function SearchField({ label, text, change }: SearchFieldProps) {
  const [typed, setTyped] = useState(text);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(change);
  latest.current = change;
  useEffect(() => () => clearTimeout(timer.current), []);
  // The address changed: by a link, or by Back.
  useEffect(() => {
    if (document.activeElement !== input.current) setTyped(text);
  }, [text]);
  useCommands([{ id: 'search', label: t('search'), keys: '/', run: () => input.current?.focus() }]);
  const set = (value: string, delay: number) => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(value), delay);
  };
  return (
    <div className="search">
      <Search aria-hidden="true" />
      <input
        ref={input}
        type="search"
        id="search"
        placeholder={label}
        aria-label={label}
        aria-describedby={problemId}
        maxLength={1000}
        value={typed}
        onChange={(e) => set(e.currentTarget.value, searchDelay)}
        onKeyDown={(e) => {
          if (e.key === 'Escape' && typed) {
            e.stopPropagation();
            set('', 0);
          }
        }}
      />
      {typed && <IconButton icon={X} label={t('clear')} className="small" onClick={() => set('', 0)} />}
    </div>
  );
}

/** isSearchProblem reports whether the server can't read a search. */
export const isSearchProblem = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 400;

/** SearchProblem says what is wrong with a search, and where. */
export function SearchProblem({ error }: { error: ApiError }) {
  return (
    <p className="search-problem" id={problemId} role="alert">
      {error.fields[0]?.message ?? error.message}
    </p>
  );
}
