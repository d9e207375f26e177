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

/** useSubmit returns what a form needs: it sends the fields, and keeps what the server refused. */
export function useSubmit(save: (fields: FormData) => Promise<unknown>) {
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const problems = new Map(error instanceof ApiError ? error.fields.map((f) => [f.field, f.message]) : []);
  return {
    isBusy,
    submit: (e: FormEvent<HTMLFormElement>) => {
      e.preventDefault();
      setBusy(true);
      setError(null);
      void save(new FormData(e.currentTarget))
        .catch(setError)
        .finally(() => setBusy(false));
    },
    /** problemOf is what is wrong with the member of that name, or ''. */
    problemOf: (name: string) => problems.get(name) ?? '',
    /** error is what no field shows, or ''. */
    error: error && !problems.size ? explain(error) : '',
  };
}

interface FormDialogProps {
  title: string;
  close: () => void;
  /** save sends the fields. The dialog closes unless it throws. */
  save: (fields: FormData) => Promise<unknown>;
  /** action is what the button says. */
  action?: string;
  /** children returns the fields. problemOf is what is wrong with the member of that name. */
  children: (problemOf: (name: string) => string) => ReactNode;
}

/** FormDialog is a dialog with a form. What the server refuses is shown at its field, or above the buttons. */
export function FormDialog({ title, close, save, action = t('save'), children }: FormDialogProps) {
  const { submit, isBusy, problemOf, error } = useSubmit((fields) => save(fields).then(close));
  return (
    <Dialog title={title} isOpen close={close}>
      <form className="stack" onSubmit={submit}>
        {children(problemOf)}
        <p className="error" role="alert">
          {error}
        </p>
        <p className="buttons">
          <button className="primary" disabled={isBusy}>
            {action}
          </button>
          <button type="button" className="button" onClick={close}>
            {t('cancel')}
          </button>
        </p>
      </form>
    </Dialog>
  );
}

interface QuestionProps {
  title: string;
  /** children say what will happen. */
  children: ReactNode;
  action: string;
  /** run does it. The dialog closes unless it throws. */
  run: () => Promise<unknown>;
  close: () => void;
}

/** Question asks before an action that can't be undone. */
export function Question({ title, children, action, run, close }: QuestionProps) {
  return (
    <FormDialog title={title} close={close} save={run} action={action}>
      {() => <p>{children}</p>}
    </FormDialog>
  );
}
