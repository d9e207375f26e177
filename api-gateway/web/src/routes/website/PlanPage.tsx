// The website's plan, and its use of storage.
import { useQuery } from '@tanstack/react-query';
import type { Website } from '../../../../../libs/web/api';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Failure, Skeleton } from '../../ui/parts';
import { Section } from '../../ui/settings';
import { bytes, percent } from '../../ui/time';
import { SettingsPage } from '../settings/SettingsPage';
import './website.css';

const full = 1;
const high = 0.8; // of the storage, from which the bar warns

export function Page() {
  return (
    <SettingsPage at="/settings/plan">
      <Plan />
    </SettingsPage>
  );
}

function Plan() {
  const { api } = useSession();
  const read = useQuery({
    queryKey: keys.website,
    staleTime: 0,
    queryFn: ({ signal }) => api.get<Website>('/website', signal),
  });
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!read.data || read.isFetching) return <Skeleton rows={2} />;
  const { plan, storage } = read.data;
  return (
    <>
      <p className="plan">{t('planIs', { name: plan })}</p>
      <p className="dim">{t('planChange')}</p>
      <Section title={t('storage')}>
        <Use {...storage} />
      </Section>
    </>
  );
}

function Use({ used, limit }: Website['storage']) {
  if (used === null) return <p className="note">{t('storageUnknown')}</p>;
  const share = used / limit;
  const text = t('storageUsed', { used: bytes(used), limit: bytes(limit), share: percent(share) });
  return (
    <>
      <meter id="storage" aria-label={t('storage')} max={limit} high={limit * high} optimum={0} value={used}>
        {text}
      </meter>
      <p>{text}</p>
      {share >= full && <p className="note">{t('storageFull')}</p>}
    </>
  );
}
