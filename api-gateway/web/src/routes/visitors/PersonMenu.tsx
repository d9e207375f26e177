// What an agent can do to a visitor: block them, and take that back.
import { useQueryClient } from '@tanstack/react-query';
import { Ban, Ellipsis } from 'lucide-react';
import type { Visitor } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { useVisitor } from '../../api/hooks';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Menu, MenuItem } from '../../ui/Menu';
import { IconButton } from '../../ui/parts';
import { moment } from '../../ui/time';
import { useToasts } from '../../ui/toasts';

/** BlockedSince says since when a visitor is blocked, if they are. */
export function BlockedSince({ visitor }: { visitor: Visitor }) {
  const { blockedAt } = useVisitor(visitor);
  return blockedAt ? <small className="error">{t('blockedSince', { time: moment(blockedAt) })}</small> : null;
}

/** PersonMenu is the menu of a visitor. */
export function PersonMenu({ visitor: known }: { visitor: Visitor }) {
  const { api, isWritable } = useSession();
  const queries = useQueryClient();
  const toasts = useToasts();
  const { name, token, blockedAt } = useVisitor(known);
  const change = () => {
    if (!blockedAt && !confirm(t('blockQuestion', { name }))) return;
    api.call<Visitor>(blockedAt ? 'DELETE' : 'PUT', path`/visitors/${token}/block`).then((changed) => {
      queries.setQueryData(keys.visitor(token), changed);
      void queries.invalidateQueries({ queryKey: keys.visitorLists });
    }, toasts.fail);
  };
  return (
    <Menu align="end" trigger={<IconButton icon={Ellipsis} label={t('more')} disabled={!isWritable} />}>
      <MenuItem icon={Ban} choose={change}>
        {t(blockedAt ? 'unblock' : 'block')}
      </MenuItem>
    </Menu>
  );
}
