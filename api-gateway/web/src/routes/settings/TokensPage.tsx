// The website's API tokens: for programs, not for persons.
import { useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useRef, useState } from 'react';
import type { CreatedToken, Token } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { usePages } from '../../api/hooks';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t, tEnum } from '../../texts';
import { Field, Question, useSubmit } from '../../ui/Form';
import { Empty, Failure, Skeleton } from '../../ui/parts';
import { Secret, Section } from '../../ui/settings';
import { ShowMore } from '../../ui/ShowMore';
import { moment } from '../../ui/time';
import { SettingsPage } from './SettingsPage';

const levels = ['READ', 'WRITE', 'READ_WRITE'];
const lives = [30, 90, 365]; // days
const day = 86_400_000; // milliseconds
const maxName = 100;

export function Page() {
  return (
    <SettingsPage at="/settings/tokens">
      <p className="dim">{t('apiTokensHint')}</p>
      <Tokens />
      <NewToken />
    </SettingsPage>
  );
}

function Tokens() {
  const { api } = useSession();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Token | null>(null);
  const read = usePages<Token>(keys.tokens, '/tokens', {}, { isFresh: true });
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (read.isPending) return <Skeleton rows={3} />;
  if (!read.rows.length) return <Empty icon={KeyRound}>{t('noTokens')}</Empty>;
  const revoke = async ({ id }: Token) => {
    await api.call('DELETE', path`/tokens/${id}`);
    await queries.invalidateQueries({ queryKey: keys.tokens });
  };
  return (
    <section className="settings">
      <ul className="list wide" id="tokens">
        {read.rows.map((token) => (
          <li key={token.id} className="bar row">
            <span className="what">
              <b dir="auto">{token.name}</b>
              <small>
                {token.prefix}… · {tEnum('level', token.level)}
              </small>
              <small>
                {token.lastUsedAt ? `${t('lastUsed')} ${moment(token.lastUsedAt)}` : t('neverUsed')}
                {token.expiresAt && ` · ${t('expires')} ${moment(token.expiresAt)}`}
              </small>
            </span>
            <button
              type="button"
              className="button"
              aria-label={t('revokeNamed', { name: token.name })}
              onClick={() => setAsked(token)}
            >
              {t('revoke')}
            </button>
          </li>
        ))}
      </ul>
      <ShowMore read={read} />
      {asked && (
        <Question
          title={t('revokeNamed', { name: asked.name })}
          action={t('revoke')}
          run={() => revoke(asked)}
          close={() => setAsked(null)}
        >
          {t('revokeHint')}
        </Question>
      )}
    </section>
  );
}

function NewToken() {
  const { api } = useSession();
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [secret, setSecret] = useState('');
  const { submit, isBusy, problemOf, error } = useSubmit(async (fields) => {
    const life = Number(fields.get('life'));
    const created = await api.call<CreatedToken>('POST', '/tokens', {
      name: String(fields.get('name')).trim(),
      level: fields.get('level'),
      expiresAt: life ? new Date(Date.now() + life * day).toISOString() : null,
    });
    setSecret(created.token);
    form.current?.reset();
    await queries.invalidateQueries({ queryKey: keys.tokens });
  });
  return (
    <Section title={t('newToken')}>
      {secret && <Secret label={t('shownOnce')} text={secret} />}
      <form className="stack" id="new-token" ref={form} onSubmit={submit}>
        <Field label={t('name')} problem={problemOf('name')}>
          {(a) => <input name="name" required maxLength={maxName} dir="auto" {...a} />}
        </Field>
        <Field label={t('level')} problem={problemOf('level')} hint={t('levelHint')}>
          {(a) => (
            <select name="level" {...a}>
              {levels.map((level) => (
                <option key={level} value={level}>
                  {tEnum('level', level)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t('expiry')} problem={problemOf('expiresAt')}>
          {(a) => (
            <select name="life" {...a}>
              <option value="">{t('never')}</option>
              {lives.map((days) => (
                <option key={days} value={days}>
                  {t('inDays', { count: days })}
                </option>
              ))}
            </select>
          )}
        </Field>
        <p className="error" role="alert">
          {error}
        </p>
        <p className="buttons">
          <button className="primary" disabled={isBusy}>
            {t('create')}
          </button>
        </p>
      </form>
    </Section>
  );
}
