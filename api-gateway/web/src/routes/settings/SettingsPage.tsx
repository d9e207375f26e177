// What each page of the settings has around its content.
import type { ReactNode } from 'react';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Empty } from '../../ui/parts';
import { mayOpen, titleOf, type SettingsPath } from './pages';
import { SettingsTabs } from './SettingsTabs';

interface SettingsPageProps {
  at: SettingsPath;
  /** action is the button beside the title. */
  action?: ReactNode;
  children: ReactNode;
}

/** SettingsPage is a page of the settings, for the roles that may open it. Others read that they may not. */
export function SettingsPage({ at, action, children }: SettingsPageProps) {
  const { membership } = useSession();
  const isAllowed = mayOpen(at, membership.role);
  return (
    <main className="page">
      <header className="bar">
        <h1>{t(titleOf(at))}</h1>
        {isAllowed && action}
      </header>
      <SettingsTabs />
      {isAllowed ? children : <Empty>{t('roleMissing')}</Empty>}
    </main>
  );
}
