import { normalizeInput } from './form/normalize-input';

/**
 * Reads state from the address. Invalid values are dropped, so that an old or mistyped link still
 * opens.
 */
type Reader<T> = (value: unknown) => T | undefined;

export type Search<S> = { [K in keyof S]?: S[K] | undefined };

export function oneOf<const T extends string>(...values: T[]): Reader<T> {
  return value => values.find(one => one === value);
}

/** The router parses `10` and `true` in an address as number and boolean. */
export function words(value: unknown): string | undefined {
  const written = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  const seen = typeof written === 'string' ? normalizeInput(written) : '';
  return seen === '' ? undefined : seen.slice(0, 200);
}

/** Creates a route's `validateSearch`. */
export function search<S extends object>(readers: { [K in keyof S]: Reader<S[K]> }) {
  return (raw: Record<string, unknown>): Search<S> => {
    const read: Search<S> = {};
    // Also sets invalid values to undefined, because the router merges the result into the
    // address's values.
    for (const name of Object.keys(readers) as (keyof S & string)[]) read[name] = readers[name](raw[name]);
    return read;
  };
}
