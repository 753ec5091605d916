import { LiveHub } from './live-hub';

/** The worker that all tabs of a person share. It lives as long as one of them, and its name is the channel's. */
const { name } = globalThis as unknown as { name: string };
const actor = name.slice(name.lastIndexOf(':') + 1);

export const hub = new LiveHub(new BroadcastChannel(name), actor);
