// The index of the settings: every page that the person may use, in groups.
import { Link } from '@tanstack/react-router';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { pagesFor } from './pages';
import './settings.css';

export function Page() {
  const { membership } = useSession();
  return (
    <main className="page" id="settings">
      <h1>{t('settings')}</h1>
      {pagesFor(membership.role).map(({ label, pages }) => (
        <section key={label}>
          <h2>{t(label)}</h2>
          <ul className="cards">
            {pages.map((page) => (
              <li key={page.to}>
                <Link to={page.to}>
                  <b>{t(page.label)}</b>
                  <small>{t(page.hint)}</small>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </main>
  );
}
