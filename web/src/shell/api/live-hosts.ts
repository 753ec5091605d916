import { LiveHub } from './live-hub';
// eslint-disable-next-line import/default -- the bundler makes it
import LiveWorker from './live-worker?sharedworker';

/** Environment in which the hub of a person's tabs can run. */
export interface HubHost {
  /** Name of the channel: per person, or per tab where tabs cannot reach each other. */
  channel(actor: string, tab: string): string;
  /**
   * Joins the hub and returns the function to leave; null if the environment is not available.
   * `failed` is called if that turns out later.
   */
  enter(channel: string, actor: string, failed: () => void): (() => void) | null;
}

const ofPerson = (actor: string) => `eaf-live:${actor}`;

/** Shared worker: not throttled or frozen like a tab in the background. */
const inWorker: HubHost = {
  channel: ofPerson,
  enter(channel, _, failed) {
    if (typeof SharedWorker === 'undefined') return null;
    const worker = new LiveWorker({ name: channel });
    worker.addEventListener('error', failed);
    // The worker ends with the last page that uses it.
    return () => worker.removeEventListener('error', failed);
  },
};

/** Without shared workers: one tab runs the hub, and another takes over when it is closed. */
const inOneTab: HubHost = {
  channel: ofPerson,
  enter(channel, actor, failed) {
    // Only in secure contexts.
    if (!('locks' in navigator)) return null;
    const leaving = new AbortController();
    const left = new Promise<void>(resolve => leaving.signal.addEventListener('abort', () => resolve()));
    const lead = async () => {
      const hub = new LiveHub(new BroadcastChannel(channel), actor);
      await left;
      hub.close();
    };
    navigator.locks.request(channel, { signal: leaving.signal }, lead).catch(() => {
      if (!leaving.signal.aborted) failed();
    });
    return () => leaving.abort();
  },
};

const inEachTab: HubHost = {
  channel: (actor, tab) => `${ofPerson(actor)}:${tab}`,
  enter(channel, actor) {
    const hub = new LiveHub(new BroadcastChannel(channel), actor);
    return () => hub.close();
  },
};

/** Environments, best first. */
export const hubHosts: HubHost[] = [inWorker, inOneTab, inEachTab];
