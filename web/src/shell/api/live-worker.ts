import { LiveHub } from './live-hub';

/** Shared worker of a person's tabs, named after their channel. It ends with the last tab. */
const { name } = globalThis as unknown as { name: string };
const actor = name.slice(name.lastIndexOf(':') + 1);

export const hub = new LiveHub(new BroadcastChannel(name), actor);
