interface RowWithPeople {
  /** Names by actor id, as the host gives them; null: the person was erased. */
  people?: Record<string, string | null> | undefined;
}

/** Names by actor id of the people whom a row names, without erased people. */
export function namedPeople({ people }: RowWithPeople): Map<string, string> {
  return new Map(Object.entries(people ?? {}).flatMap(([id, name]) => (name ? [[id, name] as const] : [])));
}
