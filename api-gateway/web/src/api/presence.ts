// Whether this agent is there, and which of the others are.
import type { QueryClient } from '@tanstack/react-query';
import type { User, UserPage, UserStatus } from '../../../../libs/web/api';
import { path, type Api } from './client';
import { keys } from './keys';

const ignore = () => {};

export class Presence {
  private isActive = true; // the agent has done something since the last heartbeat
  private wasIdle = false; // the last heartbeat said that they haven't

  constructor(
    private readonly api: Api,
    private readonly queries: QueryClient,
    private readonly userId: number,
    private readonly isWritable: boolean,
  ) {}

  /** read reads the agents, and returns this one. They are known also if the list doesn't reach them. */
  async read(): Promise<User> {
    const { data: users } = await this.api.get<UserPage>('/users?limit=100');
    const listed = users.find((u) => u.id === this.userId);
    const own = listed ?? (await this.api.get<User>(path`/users/${this.userId}`));
    this.queries.setQueryData(keys.users, listed ? users : [...users, own]);
    return own;
  }

  /**
   * beat reports that the agent is there. It must be repeated every 30 seconds: the server counts a minute. The first one
   * changes the agent's own status, and its event may come before the stream is open: the status is read.
   */
  beat() {
    if (!this.isWritable) return;
    const active = this.isActive;
    this.wasIdle = !active;
    this.isActive = false;
    this.api
      .call('POST', path`/users/${this.userId}/heartbeat`, { active })
      .then(async () => {
        if (this.isOffline()) await this.read();
      })
      .catch(ignore);
  }

  private isOffline(): boolean {
    const users = this.queries.getQueryData<User[]>(keys.users);
    return users?.find(({ id }) => id === this.userId)?.status === 'offline';
  }

  /** act notes that the agent does something. If they were idle, the server is notified at once. */
  act() {
    this.isActive = true;
    if (this.wasIdle) this.beat();
  }

  /** choose says whether others can count on the agent. */
  async choose(status: 'online' | 'away') {
    const user = await this.api.call<User>('PUT', path`/users/${this.userId}/status`, { status });
    this.note(user.id, user.status);
  }

  /** note applies the status of an agent. */
  note(userId: number, status: UserStatus) {
    this.queries.setQueryData<User[]>(keys.users, (users) =>
      users?.map((u) => (u.id === userId ? { ...u, status, online: status !== 'offline' } : u)),
    );
  }
}
