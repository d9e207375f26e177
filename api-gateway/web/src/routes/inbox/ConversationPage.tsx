// One conversation: its messages, the reply, and what is known about the visitor.
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import {
  AlarmClockOff,
  ArrowLeft,
  Check,
  Clock,
  Ellipsis,
  OctagonAlert,
  PanelRight,
  RotateCcw,
  UserPlus,
} from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ConversationPatch, InboxRow } from '../../../../../libs/web/api';
import { useNow, useRow, useTeams, useThread, useUsers, useViewers } from '../../api/hooks';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { useCommands } from '../../ui/commands';
import { Dialog } from '../../ui/Dialog';
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '../../ui/Menu';
import { Avatar, Failure, IconButton, Skeleton, StatusHint } from '../../ui/parts';
import { lasting, moment } from '../../ui/time';
import { useToasts } from '../../ui/toasts';
import { Facts } from './Facts';
import { Log } from './Log';
import { Reply } from './Reply';
import { visitorName } from './Row';
import { viewName } from './saved';
import { snoozeTimes } from './snooze';
import { AnyTime, snoozeLabels, TimeItems } from './TimeMenu';

const maxFaces = 3; // of agents who look at the same conversation

/** Change changes the conversation, and says what was done. */
export type Change = (patch: ConversationPatch, done?: string) => void;

function useChange(token: string): Change {
  const { live } = useSession();
  const toasts = useToasts();
  return (patch, done) => {
    const before = live.cache.row(token);
    live.patch(token, patch).then(() => {
      if (!done || !before) return;
      const { conversation, snoozedUntil, spam, teamId } = before;
      const all: ConversationPatch = { ...conversation, snoozedUntil, spam, teamId };
      const names = Object.keys(patch) as (keyof ConversationPatch)[];
      const former = Object.fromEntries(names.map((name) => [name, all[name]])) as ConversationPatch;
      toasts.done(done, () => live.patch(token, former).catch(toasts.fail));
    }, toasts.fail);
  };
}

export function Page() {
  const { token = '' } = useParams({ strict: false });
  return <ConversationView key={token} token={token} />;
}

function ConversationView({ token }: { token: string }) {
  const { live } = useSession();
  const [isDrawn, setDrawn] = useState(false);
  const thread = useThread(token);
  const row = useRow(token);
  const change = useChange(token);
  const isRead = !!thread.data && !!row;
  useEffect(() => {
    live.open(token);
    return () => {
      live.open('');
      live.endMention(token);
    };
  }, [token]);
  useEffect(() => {
    if (isRead) live.markRead();
  }, [isRead]);
  if (thread.error && !thread.data) {
    return (
      <main className="talk">
        <Back />
        <Failure error={thread.error} retry={() => void thread.refetch()} />
      </main>
    );
  }
  if (!thread.data || !row) {
    return (
      <main className="talk">
        <Skeleton rows={6} />
      </main>
    );
  }
  const name = visitorName({ ...row, visitor: row.visitor ?? thread.data.visitor });
  const facts = <Facts row={row} thread={thread.data} change={change} />;
  return (
    <>
      <main className="talk">
        <Header row={row} name={name} change={change} showFacts={() => setDrawn(true)} />
        <Log token={token} thread={thread.data} name={name} />
        <Reply token={token} thread={thread.data} />
      </main>
      <aside className="facts" aria-label={t('facts')}>
        {facts}
      </aside>
      <Dialog title={t('facts')} isOpen={isDrawn} close={() => setDrawn(false)} kind="drawer">
        <div className="facts-drawer">{facts}</div>
      </Dialog>
    </>
  );
}

function Back() {
  const { view } = useParams({ strict: false });
  const search = useSearch({ from: '/inbox/$view' });
  return (
    <Link
      className="icon narrow"
      activeOptions={{ exact: true }}
      to="/inbox/$view"
      params={{ view: viewName(view) }}
      search={search}
      aria-label={t('back')}
    >
      <ArrowLeft aria-hidden="true" />
    </Link>
  );
}

interface HeaderProps {
  row: InboxRow;
  name: string;
  change: Change;
  showFacts: () => void;
}

function Header({ row, name, change, showFacts }: HeaderProps) {
  const { membership, isWritable } = useSession();
  const navigate = useNavigate();
  const { view } = useParams({ strict: false });
  const now = useNow();
  const { conversation, waitingSince, snoozedUntil, spam } = row;
  const isOpen = conversation.status === 'OPEN';
  const isMine = conversation.assigneeId === membership.userId;
  const take = () => change({ assigneeId: membership.userId }, t('assignedToYou'));
  const toggle = () => change({ status: isOpen ? 'CLOSED' : 'OPEN' }, isOpen ? t('isClosed') : t('isReopened'));
  useCommands([
    ...(isWritable && !isMine ? [{ id: 'take', label: t('assignMe'), keys: 'a', run: take }] : []),
    ...(isWritable ? [{ id: 'close', label: isOpen ? t('close') : t('reopen'), keys: 'e', run: toggle }] : []),
    { id: 'facts', label: t('facts'), keys: 'i', run: showFacts },
    {
      id: 'leave',
      label: t('back'),
      keys: 'Escape',
      isHidden: true,
      run: () => void navigate({ to: '/inbox/$view', params: { view: viewName(view) } }),
    },
  ]);
  return (
    <header>
      <Back />
      <div className="title">
        <h1 dir="auto">{name}</h1>
        <small>
          {spam ? (
            t('viewSpam')
          ) : snoozedUntil ? (
            t('snoozedUntil', { time: moment(snoozedUntil) })
          ) : waitingSince ? (
            <span className="waiting" title={moment(waitingSince)}>
              <Clock aria-hidden="true" />
              {t('waitingFor', { time: lasting(waitingSince, now) })}
            </span>
          ) : isOpen ? (
            t('isAnswered')
          ) : (
            t('closed')
          )}
        </small>
      </div>
      <Viewers token={conversation.token} />
      <Assignee row={row} change={change} />
      {!isMine && (
        <button type="button" id="take" className="button wide" disabled={!isWritable} onClick={take} title="a">
          {t('assignMe')}
        </button>
      )}
      <button type="button" id="close" className="button" disabled={!isWritable} onClick={toggle} title="e">
        {isOpen ? <Check aria-hidden="true" /> : <RotateCcw aria-hidden="true" />}
        <span>{isOpen ? t('close') : t('reopen')}</span>
      </button>
      <Aside row={row} change={change} />
      <IconButton icon={PanelRight} label={t('facts')} keys="i" className="facts-button" onClick={showFacts} />
    </header>
  );
}

/** Viewers shows the other agents who look at the conversation. */
function Viewers({ token }: { token: string }) {
  const users = useUsers();
  const ids = useViewers(token);
  const names = users.filter(({ id }) => ids.includes(id)).map(({ name }) => name);
  const text = names.length ? t('alsoHere', { names: names.join(', ') }) : '';
  return (
    <span className="viewers" role="status" title={text}>
      {names.slice(0, maxFaces).map((name) => (
        <Avatar key={name} name={name} />
      ))}
      <span className="hidden">{text}</span>
    </span>
  );
}

/** Aside snoozes the conversation or marks it as spam. */
function Aside({ row, change }: { row: InboxRow; change: Change }) {
  const { isWritable } = useSession();
  const { conversation, snoozedUntil, spam } = row;
  const isOpen = conversation.status === 'OPEN';
  const [isPicking, setPicking] = useState(false);
  const pick = () => setPicking(true);
  const canSnooze = isOpen && !snoozedUntil;
  const snooze = (until: Date) =>
    change({ snoozedUntil: until.toISOString() }, t('isSnoozed', { time: moment(until.toISOString()) }));
  const wake = () => change({ snoozedUntil: null }, t('isAwake'));
  const setSpam = () => change({ spam: !spam }, spam ? t('isNoSpam') : t('isSpam'));
  useCommands([
    ...(isWritable && canSnooze
      ? [
          ...snoozeTimes().map(({ id, until }) => ({
            id: 'snooze-' + id,
            label: t('snoozeFor', { time: t(snoozeLabels[id]) }),
            keys: id === 'tomorrow' ? 's' : undefined,
            run: () => snooze(until),
          })),
          { id: 'snooze-any', label: t('snoozeFor', { time: t('anyTime') }), keys: 'S', run: pick },
        ]
      : []),
    ...(isWritable && snoozedUntil ? [{ id: 'wake', label: t('wake'), keys: 's', run: wake }] : []),
    ...(isWritable ? [{ id: 'spam', label: spam ? t('noSpam') : t('markSpam'), keys: '!', run: setSpam }] : []),
  ]);
  return (
    <>
      <Menu align="end" trigger={<IconButton icon={Ellipsis} label={t('more')} id="more" disabled={!isWritable} />}>
        {canSnooze && (
          <>
            <TimeItems title={t('snooze')} labels={snoozeLabels} choose={snooze} pick={pick} />
            <MenuLine />
          </>
        )}
        {snoozedUntil && (
          <MenuItem icon={AlarmClockOff} choose={wake}>
            {t('wake')}
          </MenuItem>
        )}
        <MenuItem icon={OctagonAlert} choose={setSpam}>
          {spam ? t('noSpam') : t('markSpam')}
        </MenuItem>
      </Menu>
      {isPicking && <AnyTime title={t('snooze')} choose={snooze} close={() => setPicking(false)} focusAfter="more" />}
    </>
  );
}

const noAssignee = 'none';

/** Assignee chooses the agent of a conversation, and its team. */
function Assignee({ row, change }: { row: InboxRow; change: Change }) {
  const { membership, isWritable } = useSession();
  const users = useUsers();
  const { assigneeId } = row.conversation;
  const name = row.assignee?.name ?? users.find((u) => u.id === assigneeId)?.name;
  const options = [
    { value: noAssignee, text: t('noAssignee') },
    ...[...users]
      .sort((a, b) => Number(b.id === membership.userId) - Number(a.id === membership.userId))
      .map((u) => ({
        value: String(u.id),
        text: u.id === membership.userId ? t('nameIsYou', { name: u.name }) : u.name,
        hint: <StatusHint status={u.status} />,
      })),
  ];
  const choose = (value: string) => {
    const id = value === noAssignee ? null : Number(value);
    if (id === assigneeId) return;
    const user = users.find((u) => u.id === id);
    change({ assigneeId: id }, user ? t('assignedTo', { name: user.name }) : t('isUnassigned'));
  };
  return (
    <Menu
      align="end"
      trigger={
        <button
          type="button"
          id="assignee"
          className="button"
          disabled={!isWritable}
          aria-label={t('assigneeIs', { name: name ?? t('noAssignee') })}
        >
          <UserPlus aria-hidden="true" />
          <span dir="auto">{name ?? t('noAssignee')}</span>
        </button>
      }
    >
      <MenuChoice value={String(assigneeId ?? noAssignee)} options={options} change={choose} />
      <TeamChoice row={row} change={change} />
    </Menu>
  );
}

/** TeamChoice is the part of a menu that chooses the team of a conversation, if the website has teams. */
function TeamChoice({ row, change }: { row: InboxRow; change: Change }) {
  const teams = useTeams();
  if (!teams.length) return null;
  const options = [
    { value: noAssignee, text: t('noTeam') },
    ...teams.map(({ id, name }) => ({ value: String(id), text: name })),
  ];
  const current = String(teams.find(({ id }) => id === row.teamId)?.id ?? noAssignee);
  const choose = (value: string) => {
    const team = teams.find(({ id }) => String(id) === value);
    const done = team ? t('assignedTo', { name: team.name }) : t('isWithoutTeam');
    if (value !== current) change({ teamId: team?.id ?? null }, done);
  };
  return (
    <>
      <MenuLine />
      <MenuLabel>{t('teamOf')}</MenuLabel>
      <MenuChoice value={current} options={options} change={choose} />
    </>
  );
}
