// A form whose fields show what the server refused.
import { useId, useState, type FormEvent, type ReactNode } from 'react';
import { ApiError } from '../api/client';
import { t } from '../texts';
import { Dialog } from './Dialog';
import { explain } from './parts';

interface FieldProps {
  label: string;
  /** problem is what is wrong with the value, or ''. */
  problem?: string;
  hint?: string;
  /** children returns the field with these attributes. */
  children: (attributes: { 'aria-invalid'?: true; 'aria-describedby'?: string }) => ReactNode;
}

/** Field is a field with its label, and below it what is wrong. */
export function Field({ label, problem = '', hint = '', children }: FieldProps) {
  const id = useId();
  const described = problem || hint ? { 'aria-describedby': id } : {};
  return (
    <div className="field">
      <label>
        {label}
        {children({ ...described, ...(problem && { 'aria-invalid': true as const }) })}
      </label>
      {(problem || hint) && (
        <small id={id} className={problem ? 'error' : 'dim'} role={problem ? 'alert' : undefined}>
          {problem || hint}
        </small>
      )}
    </div>
  );
}

interface FormDialogProps {
  title: string;
  close: () => void;
  /** save sends the fields. The dialog closes unless it throws. */
  save: (fields: FormData) => Promise<unknown>;
  /** children returns the fields. problemOf is what is wrong with the member of that name. */
  children: (problemOf: (name: string) => string) => ReactNode;
}

/** FormDialog is a dialog with a form. What the server refuses is shown at its field, or above the buttons. */
export function FormDialog({ title, close, save, children }: FormDialogProps) {
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const problems = new Map(error instanceof ApiError ? error.fields.map((f) => [f.field, f.message]) : []);
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    setBusy(true);
    setError(null);
    save(new FormData(e.currentTarget)).then(close, (err) => {
      setError(err);
      setBusy(false);
    });
  };
  return (
    <Dialog title={title} isOpen close={close}>
      <form className="stack" onSubmit={submit}>
        {children((name) => problems.get(name) ?? '')}
        <p className="error" role="alert">
          {error && !problems.size ? explain(error) : ''}
        </p>
        <p className="buttons">
          <button className="primary" disabled={isBusy}>
            {t('save')}
          </button>
          <button type="button" className="button" onClick={close}>
            {t('cancel')}
          </button>
        </p>
      </form>
    </Dialog>
  );
}
