// The website's audit log, for its owners.
import { useState } from 'react';
import type { AuditEntry } from '../../../../../libs/web/api';
import { usePages } from '../../api/hooks';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { PagedList } from '../../ui/ShowMore';
import { moment } from '../../ui/time';
import { SettingsPage } from '../settings/SettingsPage';
import './website.css';

export function Page() {
  return (
    <SettingsPage at="/settings/audit">
      <p className="dim">{t('auditAbout')}</p>
      <Audit />
    </SettingsPage>
  );
}

function Audit() {
  const [day, setDay] = useState('');
  const since = day && new Date(`${day}T00:00`).toISOString();
  const read = usePages<AuditEntry>(keys.audit(since), '/audit', since ? { since } : {}, { isFresh: true });
  return (
    <section className="settings">
      <label className="since">
        {t('sinceDay')}
        <input type="date" name="since" value={day} onChange={(e) => setDay(e.target.value)} />
      </label>
      <PagedList read={read} id="audit" rows={5} none={t('noAudit')} row={(entry) => <Entry {...entry} />} />
    </section>
  );
}

/** useActorName returns the name of a caller: of the person themselves, or its kind and id. */
function useActorName(actor: string): string {
  const { person } = useSession();
  const [kind, id = ''] = actor.split(':');
  if (kind === 'person') return id === String(person.id) ? person.name : t('actor.person', { id });
  if (kind === 'token') return t('actor.token', { id });
  if (kind === 'operator') return t('actor.operator');
  return kind === 'public' ? t('actor.public') : actor;
}

function Entry({ at, actor, action, objectKind, objectId, before, after, address }: AuditEntry) {
  const by = useActorName(actor);
  return (
    <details className="entry">
      <summary>
        <b>{action}</b>
        <span dir="auto">{by}</span>
        <time dateTime={at}>{moment(at)}</time>
      </summary>
      <dl>
        <dt>{t('object')}</dt>
        <dd>
          {objectKind} {objectId}
        </dd>
        {address && (
          <>
            <dt>{t('address')}</dt>
            <dd>{address}</dd>
          </>
        )}
        <Fields label={t('before')} fields={before} />
        <Fields label={t('after')} fields={after} />
      </dl>
    </details>
  );
}

function Fields({ label, fields }: { label: string; fields: Record<string, unknown> }) {
  if (!Object.keys(fields).length) return null;
  return (
    <>
      <dt>{label}</dt>
      <dd>
        <code>{JSON.stringify(fields, null, 2)}</code>
      </dd>
    </>
  );
}
