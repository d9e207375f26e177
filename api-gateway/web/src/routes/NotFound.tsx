// The pages for a path that has none, and for a page that fails.
import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { t } from '../texts';
import { Empty, Failure } from '../ui/parts';

export function NotFound() {
  return (
    <main className="page">
      <Empty>{t('noPage')}</Empty>
      <p className="centre">
        <Link to="/" className="button">
          {t('home')}
        </Link>
      </p>
    </main>
  );
}

/** PageFailure is shown in place of a page that fails. The rest of the console works on. */
export function PageFailure({ error }: ErrorComponentProps) {
  return (
    <main className="page">
      <Failure error={error} retry={() => location.reload()} />
    </main>
  );
}
