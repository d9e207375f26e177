// What each agent did in the days of a report.
import type { AgentStatistics, AgentSummary } from '../../../../../libs/web/api';
import { query } from '../../api/client';
import { useUsers } from '../../api/hooks';
import { t } from '../../texts';
import { Loaded } from '../../ui/parts';
import { duration, figure } from '../../ui/time';
import { queryOf, type Period } from './period';
import { SaveTable } from './SaveTable';
import { stars } from './series';
import { useReport } from './useReport';

export function Agents({ period }: { period: Period }) {
  const at = '/statistics/agents' + query(queryOf(period));
  const read = useReport<AgentStatistics>(at);
  return (
    <section className="chart" id="report-agents">
      <header className="bar">
        <h2 id="title-agents">{t('agents')}</h2>
        <SaveTable path={at} name="agents.csv" />
      </header>
      <Loaded read={read} rows={3}>
        {({ data }) => (data.length ? <Table agents={data} /> : <p className="dim">{t('noAgentWrote')}</p>)}
      </Loaded>
    </section>
  );
}

function Table({ agents }: { agents: AgentSummary[] }) {
  const users = useUsers();
  return (
    <div className="wide" tabIndex={0} role="region" aria-labelledby="title-agents">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('agent')}</th>
            <th scope="col">{t('messages')}</th>
            <th scope="col">{t('answeredFirst')}</th>
            <th scope="col">{t('medianResponse')}</th>
            <th scope="col">{t('averageRating')}</th>
          </tr>
        </thead>
        <tbody>
          {agents.map(({ userId, messages, conversationsAnswered, firstResponse, ratings }) => (
            <tr key={userId}>
              <th scope="row" dir="auto">
                {users.find(({ id }) => id === userId)?.name ?? t('removedAgent', { id: userId })}
              </th>
              <td>{figure(messages)}</td>
              <td>{figure(conversationsAnswered)}</td>
              <td>{firstResponse.median === null ? '–' : duration(firstResponse.median)}</td>
              <td>{ratings.average === null ? '–' : `${stars(ratings.average)} (${figure(ratings.count)})`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
