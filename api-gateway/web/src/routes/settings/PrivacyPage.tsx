// Settings for privacy: whether visitors must be verified.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { IdentityPolicy, IdentitySecrets } from '../../../../../libs/web/api';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Loaded } from '../../ui/parts';
import { Section, useAction } from '../../ui/settings';
import { NotFound } from '../NotFound';
import { isAdmin } from '../team/roles';
import { SettingsTabs } from './SettingsTabs';

const queryKey = ['identity'];

export function Page() {
  const { api, membership } = useSession();
  const queries = useQueryClient();
  const [run, error] = useAction();
  const isAllowed = isAdmin(membership.role);
  const read = useQuery({
    queryKey,
    enabled: isAllowed,
    staleTime: 0,
    queryFn: async () => {
      const [policy, secrets] = await Promise.all([
        api.get<IdentityPolicy>('/identity-policy'),
        api.get<IdentitySecrets>('/identity-secrets'),
      ]);
      return { isRequired: policy.required, hasSecret: secrets.data.length > 0 };
    },
  });
  if (!isAllowed) return <NotFound />;
  const set = (required: boolean) =>
    run(async () => {
      await api.call('PUT', '/identity-policy', { required });
      await queries.invalidateQueries({ queryKey });
    });
  return (
    <main className="page">
      <h1>{t('privacy')}</h1>
      <SettingsTabs />
      <Section title={t('identityPolicy')}>
        <p className="dim">{t('identityPolicyHint')}</p>
        <Loaded read={read} rows={1}>
          {({ isRequired, hasSecret }) => (
            <label className="check">
              <input
                type="checkbox"
                id="identity-required"
                checked={isRequired}
                disabled={!hasSecret && !isRequired}
                onChange={(e) => set(e.currentTarget.checked)}
              />
              {t('identityRequired')}
            </label>
          )}
        </Loaded>
        {read.data && !read.data.hasSecret && <p className="note">{t('identityNeedsSecret')}</p>}
        <p className="error" role="alert">
          {error}
        </p>
      </Section>
    </main>
  );
}
