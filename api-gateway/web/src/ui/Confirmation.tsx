// Confirmation asks the person to prove again who they are, when the server needs that for an operation.
import { useEffect, useRef, useState, type FormEvent } from 'react';
import type { Api } from '../api/client';
import { signInError } from '../routes/gate/problems';
import { t } from '../texts';

/** Confirmation is a dialog that opens if a request of api needs a proof. The request is sent again after it. */
export function Confirmation({ api }: { api: Api }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const done = useRef<(isConfirmed: boolean) => void>(() => {});
  const [error, setError] = useState('');
  useEffect(() => {
    api.onConfirm = () =>
      new Promise((resolve) => {
        setError('');
        done.current = resolve;
        dialog.current?.showModal();
      });
  }, [api]);
  const submit = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const form = e.currentTarget;
    const proof = String(new FormData(form).get('proof'));
    const isCode = /^([\d ]{6,7}|[a-z2-7]{4}(-[a-z2-7]{4}){3})$/i.test(proof.trim());
    try {
      await api.call('POST', '/auth/confirm', isCode ? { code: proof } : { password: proof });
      form.reset();
      done.current(true);
      dialog.current?.close();
    } catch (err) {
      setError(signInError(err));
    }
  };
  return (
    <dialog ref={dialog} onClose={() => done.current(false)}>
      <form className="stack" onSubmit={submit}>
        <h2>{t('confirmTitle')}</h2>
        <label>
          {t('passwordOrCode')}
          <input name="proof" type="password" required autoComplete="current-password" aria-invalid={!!error} />
        </label>
        <small className="dim">{t('confirmOther')}</small>
        <p className="error" role="alert">
          {error}
        </p>
        <div className="buttons">
          <button className="primary">{t('confirm')}</button>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {t('cancel')}
          </button>
        </div>
      </form>
    </dialog>
  );
}
