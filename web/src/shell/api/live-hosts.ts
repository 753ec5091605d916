import { LiveHub } from './live-hub';
// eslint-disable-next-line import/default -- the bundler makes it
import LiveWorker from './live-worker?sharedworker';

/** A place where the hub of a person's tabs may live. */
export interface HubHost {
  /** Of the channel. Not the person's alone where tabs cannot find each other. */
  channel(actor: string, tab: string): string;
  /** Returns what leaves it again; null where there are none. `failed`: later it turned out that there is none. */
  enter(channel: string, actor: string, failed: () => void): (() => void) | null;
}

const ofPerson = (actor: string) => `eaf-live:${actor}`;

/** A worker that all tabs share: it is neither slowed down nor frozen with a tab in the background. */
const inWorker: HubHost = {
  channel: ofPerson,
  enter(channel, _, failed) {
    if (typeof SharedWorker === 'undefined') return null;
    const worker = new LiveWorker({ name: channel });
    worker.addEventListener('error', failed);
    // It ends with the last page that has it.
    return () => worker.removeEventListener('error', failed);
  },
};

/** Where there are no shared workers: one tab has the hub, and the next one takes it over when that tab is closed. */
const inOneTab: HubHost = {
  channel: ofPerson,
  enter(channel, actor, failed) {
    // Only where the page came by https, or from this machine.
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

/** The best one first. */
export const hubHosts: HubHost[] = [inWorker, inOneTab, inEachTab];
