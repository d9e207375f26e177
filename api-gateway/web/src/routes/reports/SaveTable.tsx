// A button that stores a table of the statistics as a CSV file.
import { Download } from 'lucide-react';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { save } from '../../ui/save';
import { useToasts } from '../../ui/toasts';

export function SaveTable({ path, name }: { path: string; name: string }) {
  const { api } = useSession();
  const toasts = useToasts();
  const choose = () => api.file(path, 'text/csv').then((file) => save(file, name), toasts.fail);
  return (
    <button type="button" className="button" onClick={() => void choose()}>
      <Download aria-hidden="true" />
      {t('saveTable')}
    </button>
  );
}
