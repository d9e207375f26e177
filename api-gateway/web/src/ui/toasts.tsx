// Short notices at the bottom: what was done, with a way to undo it for some seconds, and what failed.
import { createContext, use, useCallback, useMemo, useRef, useState, type ReactNode } from 'react';
import { X } from 'lucide-react';
import { t } from '../texts';
import { explain } from './parts';

const undoTime = 5_000; // milliseconds
const errorTime = 10_000;
const maxToasts = 3;

interface Toast {
  id: number;
  text: string;
  isError: boolean;
  undo?: () => void;
}

export interface Toasts {
  /** done says what was done. undo reverses it. */
  done: (text: string, undo?: () => void) => void;
  /** fail says why something failed. */
  fail: (err: unknown) => void;
  /** undo reverses what was done last, if it still can be. */
  undo: () => void;
}

const Context = createContext<Toasts | null>(null);

/** useToasts returns the functions that show notices. */
export const useToasts = () => use(Context)!;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const shown = useRef<Toast[]>([]);
  const lastId = useRef(0);
  const change = useCallback((next: Toast[]) => {
    shown.current = next;
    setToasts(next);
  }, []);
  const hide = useCallback((id: number) => change(shown.current.filter((n) => n.id !== id)), [change]);
  const show = useCallback(
    (toast: Omit<Toast, 'id'>) => {
      const id = ++lastId.current;
      change([...shown.current, { ...toast, id }].slice(-maxToasts));
      setTimeout(() => hide(id), toast.isError ? errorTime : undoTime);
    },
    [change, hide],
  );
  const undoOne = useCallback(
    (toast: Toast | undefined) => {
      if (!toast?.undo) return;
      hide(toast.id);
      toast.undo();
    },
    [hide],
  );
  const value = useMemo<Toasts>(
    () => ({
      done: (text, undo) => show({ text, isError: false, undo }),
      fail: (err) => show({ text: explain(err), isError: true }),
      undo: () => undoOne(shown.current.findLast((n) => n.undo)),
    }),
    [show, undoOne],
  );
  return (
    <Context value={value}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((n) => (
          <div key={n.id} className={n.isError ? 'toast error' : 'toast'}>
            <span>{n.text}</span>
            {n.undo && (
              <button type="button" className="undo" onClick={() => undoOne(n)}>
                {t('undo')}
              </button>
            )}
            <button type="button" className="dismiss" aria-label={t('dismiss')} onClick={() => hide(n.id)}>
              <X aria-hidden="true" />
            </button>
          </div>
        ))}
      </div>
    </Context>
  );
}
