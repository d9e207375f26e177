// The start page: figures, the recent conversations and, until a browser has loaded the widget, how to install it.
import { Inbox } from 'lucide-react';
import { useEffect } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { useFigures, useInboxList, useStatistics, useWebsite } from '../../api/hooks';
import { keys } from '../../api/keys';
import { t } from '../../texts';
import { Empty, Failure, Skeleton } from '../../ui/parts';
import { CopyButton } from '../../ui/settings';
import { figure } from '../../ui/time';
import { Row } from '../inbox/Row';
import { listOf } from '../inbox/views';
import { useSession } from '../../api/session';

const maxRecent = 8;

function Install() {
  const website = useWebsite();
  const queries = useQueryClient();
  const figures = useFigures();
  useEffect(() => {
    // The first visitor's browser has loaded the widget: no event says so.
    if (!website.widgetLoadedAt) void queries.invalidateQueries({ queryKey: keys.website });
  }, [figures]);
  if (website.widgetLoadedAt) return null;
  const tag = `<script async src="${location.origin}/widget/${website.clientToken}"></script>`;
  return (
    <section className="warning" role="status">
      <strong>{t('notInstalled')}</strong>
      <p>{t('install')}</p>
      <p className="code">
        <code>{tag}</code>
        <CopyButton text={tag} />
      </p>
    </section>
  );
}

export function Page() {
  const { membership } = useSession();
  const website = useWebsite();
  const s = useStatistics();
  const c = useFigures();
  const recent = useInboxList(listOf('all', membership.userId, 'newest'));
  const tiles: [string, number | undefined][] = [
    [t('online'), s?.onlineVisitors],
    [t('active'), s?.activeConversations],
    [t('unassigned'), c?.unassigned],
    [t('newToday'), c?.opened],
    [t('closedToday'), c?.closedToday],
    [t('total'), s?.totalConversations],
  ];
  const tokens = recent.data?.tokens.slice(0, maxRecent);
  return (
    <main className="page home">
      <h1 dir="auto">{website.name}</h1>
      <Install />
      <ul className="tiles">
        {tiles.map(([name, n]) => (
          <li key={name}>
            <span>{name}</span>
            <b>{n === undefined ? '–' : figure(n)}</b>
          </li>
        ))}
      </ul>
      <h2>{t('recent')}</h2>
      {recent.error ? (
        <Failure error={recent.error} retry={() => void recent.refetch()} />
      ) : !tokens ? (
        <Skeleton />
      ) : tokens.length ? (
        <ul className="list">
          {tokens.map((token) => (
            <li key={token}>
              <Row token={token} view="all" />
            </li>
          ))}
        </ul>
      ) : (
        <Empty icon={Inbox}>{t('noChats')}</Empty>
      )}
    </main>
  );
}
