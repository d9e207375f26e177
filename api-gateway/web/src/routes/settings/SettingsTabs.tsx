// The pages of an owner's and an admin's settings, above each of them.
import { Link } from '@tanstack/react-router';
import { t } from '../../texts';
import './items.css';

const pages = [
  { to: '/settings/widget', label: 'widget' },
  { to: '/settings/install', label: 'installation' },
  { to: '/settings/assignment', label: 'assignment' },
  { to: '/settings/privacy', label: 'privacy' },
] as const;

/** SettingsTabs leads to the pages with settings. The router marks the current one. */
export function SettingsTabs() {
  return (
    <nav className="tabs" aria-label={t('settings')}>
      {pages.map(({ to, label }) => (
        <Link key={to} to={to}>
          {t(label)}
        </Link>
      ))}
    </nav>
  );
}
