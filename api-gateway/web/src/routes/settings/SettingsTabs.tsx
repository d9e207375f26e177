// The way from one page of the settings to the others of its group, and back to the index.
import { Link, useLocation } from '@tanstack/react-router';
import { ChevronLeft } from 'lucide-react';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { pagesFor } from './pages';
import './settings.css';

/** SettingsTabs is above each page of the settings. The router marks the current one. */
export function SettingsTabs() {
  const { membership } = useSession();
  const { pathname } = useLocation();
  const group = pagesFor(membership.role).find(({ pages }) => pages.some(({ to }) => pathname.startsWith(to)));
  return (
    <nav className="tabs" aria-label={t('settings')}>
      <Link to="/settings" className="up" activeOptions={{ exact: true }}>
        <ChevronLeft aria-hidden="true" />
        {t('settings')}
      </Link>
      {group?.pages.map(({ to, label }) => (
        <Link key={to} to={to}>
          {t(label)}
        </Link>
      ))}
    </nav>
  );
}
