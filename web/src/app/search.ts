/** State that lives in the address. What does not fit is dropped, so that an old or mistyped link still opens. */
type Reader<T> = (value: unknown) => T | undefined;

export type Search<S> = { [K in keyof S]?: S[K] | undefined };

export function oneOf<const T extends string>(...values: T[]): Reader<T> {
  return value => values.find(one => one === value);
}

export function words(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.slice(0, 200) : undefined;
}

/** For a route's `validateSearch`. */
export function search<S extends object>(readers: { [K in keyof S]: Reader<S[K]> }) {
  return (raw: Record<string, unknown>): Search<S> => {
    const read: Search<S> = {};
    for (const name of Object.keys(readers) as (keyof S & string)[]) {
      const value = readers[name](raw[name]);
      if (value !== undefined) read[name] = value;
    }
    return read;
  };
}
