// The files of the replies that the agent writes. They are kept while the page is open, also when the agent reads
// another conversation meanwhile.
import type { QueryClient } from '@tanstack/react-query';
import { Uploads } from '../../../../libs/web/uploads';
import type { Api } from './client';
import { keys } from './keys';

/** ReplyFiles has the uploads of each conversation. The cache shows them. */
export class ReplyFiles {
  private readonly byToken = new Map<string, Uploads>();

  constructor(
    private readonly api: Api,
    private readonly queries: QueryClient,
  ) {
    queries.setQueryDefaults(['files'], { gcTime: Infinity });
  }

  of(token: string): Uploads {
    let uploads = this.byToken.get(token);
    if (!uploads) {
      const made = new Uploads(
        (...attempt) => this.api.upload(...attempt),
        () => this.queries.setQueryData(keys.files(token), made.list),
      );
      this.byToken.set(token, (uploads = made));
    }
    return uploads;
  }

  /** stop cancels all of them. */
  stop() {
    for (const uploads of this.byToken.values()) uploads.clear();
  }
}
