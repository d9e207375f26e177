// What can be done with the selected conversations.
import { useQueryClient } from '@tanstack/react-query';
import { AlarmClock, Check, OctagonAlert, RotateCcw, Tag, UserPlus, X } from 'lucide-react';
import { useState } from 'react';
import { changeAll, undoOf, type BulkChange } from '../../api/bulk';
import { useTags, useTeams, useUsers } from '../../api/hooks';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Menu, MenuItem, MenuLabel, MenuLine } from '../../ui/Menu';
import { IconButton, StatusHint } from '../../ui/parts';
import { useToasts } from '../../ui/toasts';
import type { Selection } from './selection';
import { snoozeLabels, TimeMenu } from './TimeMenu';

/** useBulk returns a function that changes the selected conversations, and offers to take it back. */
function useBulk({ tokens, clear }: Selection) {
  const { api, live } = useSession();
  const queries = useQueryClient();
  const toasts = useToasts();
  const [isBusy, setBusy] = useState(false);
  const send = async (chosen: string[], change: BulkChange) => {
    const done = await changeAll(api, chosen, change);
    // The events of the changes may arrive later.
    for (const token of done.tokens) void live.cache.readRow(token);
    void queries.invalidateQueries({ queryKey: keys.counts });
    const [first] = done.failures;
    if (first) {
      const count = done.failures.length;
      toasts.fail(new Error(t('notChangedCount', { count, reason: first.reason })));
    }
    return done.tokens;
  };
  const change = async (what: BulkChange) => {
    setBusy(true);
    const before = [...tokens].map((token) => live.cache.row(token)).filter((row) => row !== undefined);
    try {
      const changed = new Set(await send([...tokens], what));
      const undo = undoOf(
        before.filter((row) => changed.has(row.conversation.token)),
        what,
      );
      clear();
      if (!changed.size) return;
      const takeBack = () => undo.forEach((u) => send(u.tokens, u.change).catch(toasts.fail));
      toasts.done(t('changedCount', { count: changed.size }), takeBack);
    } catch (err) {
      toasts.fail(err);
    } finally {
      setBusy(false);
    }
  };
  return { change: (what: BulkChange) => void change(what), isBusy };
}

interface BarProps {
  view: string;
  selection: Selection;
}

export function SelectionBar({ view, selection }: BarProps) {
  const { membership } = useSession();
  const users = useUsers();
  const tags = useTags();
  const teams = useTeams();
  const { change, isBusy } = useBulk(selection);
  const isClosed = view === 'closed';
  const isSpam = view === 'spam';
  return (
    <div className="selection" role="toolbar" aria-label={t('selectedCount', { count: selection.tokens.size })}>
      <IconButton icon={X} label={t('clearSelection')} id="clear-selection" onClick={selection.clear} />
      <b role="status">{t('selectedCount', { count: selection.tokens.size })}</b>
      <button type="button" className="link" onClick={selection.all}>
        {t('selectAll')}
      </button>
      <span className="what-to-do">
        <Menu
          trigger={<IconButton icon={UserPlus} label={t('assign')} id="bulk-assign" disabled={isBusy} />}
          align="end"
        >
          <MenuItem choose={() => change({ assigneeId: null })}>{t('noAssignee')}</MenuItem>
          {users.map((u) => (
            <MenuItem key={u.id} choose={() => change({ assigneeId: u.id })} hint={<StatusHint status={u.status} />}>
              {u.id === membership.userId ? t('nameIsYou', { name: u.name }) : u.name}
            </MenuItem>
          ))}
          {teams.length > 0 && (
            <>
              <MenuLine />
              <MenuLabel>{t('teamOf')}</MenuLabel>
              <MenuItem choose={() => change({ teamId: null })}>{t('noTeam')}</MenuItem>
              {teams.map(({ id, name }) => (
                <MenuItem key={id} choose={() => change({ teamId: id })}>
                  {name}
                </MenuItem>
              ))}
            </>
          )}
        </Menu>
        {tags.length > 0 && (
          <Menu trigger={<IconButton icon={Tag} label={t('addTag')} id="bulk-tag" disabled={isBusy} />} align="end">
            {tags.map((tag) => (
              <MenuItem key={tag} choose={() => change({ addTags: [tag] })}>
                {tag}
              </MenuItem>
            ))}
          </Menu>
        )}
        {!isClosed && !isSpam && (
          <TimeMenu
            title={t('snooze')}
            labels={snoozeLabels}
            choose={(until) => change({ snoozedUntil: until.toISOString() })}
            trigger={<IconButton icon={AlarmClock} label={t('snooze')} id="bulk-snooze" disabled={isBusy} />}
            focusAfter="bulk-snooze"
          />
        )}
        <IconButton
          icon={OctagonAlert}
          label={isSpam ? t('noSpam') : t('markSpam')}
          id="bulk-spam"
          disabled={isBusy}
          onClick={() => change({ spam: !isSpam })}
        />
        {!isSpam && (
          <IconButton
            icon={isClosed ? RotateCcw : Check}
            label={isClosed ? t('reopen') : t('close')}
            id="bulk-close"
            disabled={isBusy}
            onClick={() => change({ status: isClosed ? 'OPEN' : 'CLOSED' })}
          />
        )}
      </span>
    </div>
  );
}
