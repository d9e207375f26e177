// Confirmation asks the person to prove again who they are, when the server needs that for an operation.
import { useEffect, useRef, useState } from 'preact/hooks';
import { signInError } from './signin';
import type { Api } from './api';
import { texts } from './texts';

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
  const submit = async (e: Event) => {
    e.preventDefault();
    const form = e.target as HTMLFormElement;
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
      <form class="stack" onSubmit={submit}>
        <h2>{texts.confirmTitle}</h2>
        <label>
          {texts.passwordOrCode}
          <input name="proof" type="password" required autocomplete="current-password" aria-invalid={!!error} />
        </label>
        <small class="dim">{texts.confirmOther}</small>
        <p class="error" role="alert">
          {error}
        </p>
        <div class="buttons">
          <button class="primary">{texts.confirm}</button>
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            {texts.cancel}
          </button>
        </div>
      </form>
    </dialog>
  );
}
