// How reports read the statistics.
import { useQuery } from '@tanstack/react-query';
import { keys } from '../../api/keys';
import { useSession } from '../../api/session';

/** useReport reads a path of the statistics, again each time it is shown: no event says that figures have changed. */
export function useReport<T>(path: string) {
  const { api } = useSession();
  return useQuery({
    queryKey: keys.report(path),
    staleTime: 0,
    queryFn: ({ signal }) => api.get<T>(path, signal),
  });
}
