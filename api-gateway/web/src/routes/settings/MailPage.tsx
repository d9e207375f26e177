// The website's e-mail address, and how mail gets there.
import { useQuery } from '@tanstack/react-query';
import type { MailSettings } from '../../../../../libs/web/api';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Empty, Failure, Skeleton } from '../../ui/parts';
import { CopyButton } from '../../ui/settings';
import { useHasTickets } from '../tickets/choices';
import { SettingsPage } from './SettingsPage';

export function Page() {
  return <SettingsPage at="/settings/mail">{useHasTickets() ? <View /> : <Empty>{t('needsPro')}</Empty>}</SettingsPage>;
}

function View() {
  const { api } = useSession();
  const { data, error, refetch } = useQuery({
    queryKey: ['mail'],
    queryFn: ({ signal }) => api.get<MailSettings>('/mail', signal),
    staleTime: 0, // the operator changes whether mail is received and sent
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={2} />;
  return (
    <section className="settings">
      {data.receives ? (
        <>
          <p>{t('mailForwarding')}</p>
          <p className="code">
            <code id="mail-address">{data.address}</code>
            <CopyButton text={data.address} />
          </p>
          <p className="dim">{t('mailForwardingHint')}</p>
        </>
      ) : (
        <p className="note">{t('mailNotReceived')}</p>
      )}
      {!data.sends && <p className="note">{t('mailNotSent')}</p>}
    </section>
  );
}
