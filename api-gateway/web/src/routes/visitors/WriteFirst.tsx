// The field in which an agent writes to a visitor first. Its text is kept until it is sent.
import { useNavigate } from '@tanstack/react-router';
import { SendHorizontal } from 'lucide-react';
import { useRef, useState, type FormEvent } from 'react';
import type { Conversation } from '../../../../../libs/web/api';
import { ApiError, path } from '../../api/client';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { explain } from '../../ui/parts';
import { useGrowing } from '../../ui/useGrowing';

/** WriteFirst begins a conversation. If the visitor has an open one, that is shown, with the text as its draft. */
export function WriteFirst({ token, name }: { token: string; name: string }) {
  const { api, live } = useSession();
  const navigate = useNavigate();
  const draft = 'visitor ' + token;
  const input = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => live.drafts.of(draft));
  const [attempt, setAttempt] = useState({ content: '', id: '' }); // the same text has the same id: it is sent once
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useGrowing(input, text);
  const write = (value: string) => {
    setText(value);
    live.drafts.set(draft, value);
  };
  const show = (conversation: string) => {
    live.drafts.set(draft, '');
    void navigate({ to: '/inbox/$view/$token', params: { view: 'all', token: conversation } });
  };
  const send = async (e: FormEvent) => {
    e.preventDefault();
    const content = text.trim();
    if (!content || isBusy) return;
    const id = content === attempt.content ? attempt.id : crypto.randomUUID();
    setAttempt({ content, id });
    setBusy(true);
    setError('');
    try {
      const body = { content, clientMessageId: id };
      const begun = await api.call<Conversation>('POST', path`/visitors/${token}/conversations`, body);
      show(begun.token);
    } catch (err) {
      setBusy(false);
      if (!(err instanceof ApiError) || !err.existing) return setError(explain(err));
      live.drafts.set(err.existing, [live.drafts.of(err.existing), content].filter(Boolean).join('\n'));
      show(err.existing);
    }
  };
  return (
    <form className="write-first" onSubmit={send}>
      <div className="composer">
        <textarea
          id="write-first"
          ref={input}
          rows={1}
          dir="auto"
          aria-label={t('writeTo', { name })}
          placeholder={t('writeTo', { name })}
          maxLength={60_000}
          value={text}
          onChange={(e) => write(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === 'Enter' && !e.shiftKey && !e.nativeEvent.isComposing) void send(e);
          }}
        />
        <button className="primary round" aria-label={t('send')} disabled={!text.trim() || isBusy}>
          <SendHorizontal aria-hidden="true" />
        </button>
      </div>
      <p className="error" role="alert">
        {error}
      </p>
    </form>
  );
}
