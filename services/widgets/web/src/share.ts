// One event stream for all tabs of a browser. The tab that holds a lock leads: it reads the stream, and relays what it
// reads to the others. When it ends, the browser gives the lock to another tab, which resumes after the last event that
// it has seen.
//
//   join ─► wait for the lock ─► lead ─► ended: the visitor changed, the page is left, or the leader is replaced
import type { Frame } from '../../../../libs/web/sse';

/** refresh makes a chat read what it may have missed, like a stream that couldn't be resumed. */
export const refresh: Frame = { id: '', event: 'ready', data: { resumed: false } };

type Receive = (frame: Frame) => void;

/** Lead reads the stream until it is ended, and calls relay for each frame. */
export type Lead = (relay: Receive, ended: AbortSignal) => Promise<void>;

// Systems suspend tabs without taking their locks. A visible tab that gets no answer from the leader for this time, in
// milliseconds, replaces it.
const patience = 15_000;
const question = '?';
const answer = '!';

/**
 * share calls receive for the frames that this tab reads, or that the leader among the tabs with this name relays, until
 * it has ended. If the browser has no locks or channels, or refuses them as it refuses storage, this tab leads.
 */
export async function share(name: string, ended: AbortSignal, lead: Lead, receive: Receive): Promise<void> {
  const turn = new AbortController(); // ends with this call
  const waiting = new AbortController();
  let isLeader = false;
  let isAnswered = true;
  let isReplacing = false;
  let isLeft = false;
  let channel: BroadcastChannel | undefined;
  let watch: ReturnType<typeof setInterval> | undefined;
  const hasEnded = new Promise<void>((resolve) => turn.signal.addEventListener('abort', () => resolve()));
  const end = () => {
    turn.abort();
    waiting.abort();
  };
  // A page that holds a lock isn't kept for the way back.
  const leave = () => {
    isLeft = true;
    end();
  };
  const begin = () => {
    isLeader = true;
    const relay = (frame: Frame) => {
      channel?.postMessage(frame);
      receive(frame);
    };
    if (turn.signal.aborted) return;
    // The lock is free at once, not after the last wait of the leader: a page that is kept would hold it.
    return Promise.race([lead(relay, turn.signal), hasEnded]);
  };
  const request = (options: LockOptions) => navigator.locks.request(name, options, (lock) => lock && begin());
  ended.addEventListener('abort', end);
  addEventListener('pagehide', leave);
  try {
    channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }) => {
      if (data === question) {
        if (isLeader) channel!.postMessage(answer);
        return;
      }
      isAnswered = true;
      if (data !== answer && !isLeader) receive(data);
    };
    await request({ ifAvailable: true });
    if (!isLeader) {
      receive(refresh);
      watch = setInterval(() => {
        if (isLeader || document.hidden) return;
        isReplacing = !isAnswered;
        if (isReplacing) waiting.abort();
        isAnswered = false;
        channel!.postMessage(question);
      }, patience);
      await request({ signal: waiting.signal });
    }
  } catch {
    if (isReplacing && !isLeader && !turn.signal.aborted) await request({ steal: true }).catch(() => {});
    else if (!isLeader) await begin();
  }
  end();
  clearInterval(watch);
  channel?.close();
  ended.removeEventListener('abort', end);
  removeEventListener('pagehide', leave);
  if (isLeft) await new Promise((resolve) => addEventListener('pageshow', resolve, { once: true }));
}
