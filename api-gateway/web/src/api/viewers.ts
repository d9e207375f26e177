// The agents that look at a conversation. Each console reports the conversation on its screen, and shows the other
// agents there.
import type { QueryClient } from '@tanstack/react-query';
import { path, type Api } from './client';
import { keys } from './keys';

const viewingTimeout = 65_000; // milliseconds that a report holds: the server says a minute; it is repeated after 30 s

const ignore = () => {};

export class Viewers {
  private token = ''; // of the conversation that is reported
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>(); // by conversation and user

  constructor(
    private readonly api: Api,
    private readonly queries: QueryClient,
    private readonly userId: number,
    private readonly isWritable: boolean,
  ) {}

  /** look reports the conversation that the agent looks at, '' for none. It must be repeated every 30 seconds. */
  look(token: string) {
    const left = this.token;
    this.token = token;
    if (left && left !== token) this.report(left, false);
    if (token) this.report(token, true);
  }

  /** receive notes that an agent looks at a conversation, or has left it. */
  receive(token: string, userId: number, isViewing: boolean) {
    if (userId === this.userId) return;
    const timer = `${token} ${userId}`;
    clearTimeout(this.timers.get(timer));
    this.timers.delete(timer);
    const key = keys.viewers(token);
    const before = this.queries.getQueryData<number[]>(key) ?? [];
    const others = before.filter((id) => id !== userId);
    this.queries.setQueryData<number[]>(key, isViewing ? [...others, userId] : others);
    if (!isViewing) return;
    this.timers.set(
      timer,
      setTimeout(() => this.receive(token, userId, false), viewingTimeout),
    );
    // An agent that has just come has missed the earlier report of this one.
    if (token === this.token && !before.includes(userId)) this.report(token, true);
  }

  stop() {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.look('');
  }

  private report(token: string, viewing: boolean) {
    if (this.isWritable) this.api.call('POST', path`/conversations/${token}/viewing`, { viewing }).catch(ignore);
  }
}
