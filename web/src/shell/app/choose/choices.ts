import type { paths } from '@/schema';

type Path = '/api/host/connections/{capability}/{name}/draft/choices';

/** What there is in another system to choose from, or why that could not be asked. */
export type Choices = paths[Path]['post']['responses'][200]['content']['application/json'];
export type Choice = Choices['items'][number];
export type LoadChoices = (search: string, signal: AbortSignal) => Promise<Choices>;

export interface Choosable {
  /** What is chosen, for people. */
  label: string;
  /** The system that the list comes from. */
  where: string;
  load: LoadChoices;
  /** What is said of one beside its path. */
  facts: (choice: Choice) => string;
  onChoose: (choice: Choice) => void;
  /** Before the list opens; false: it does not, because something has to be typed first. */
  onOpen?: () => boolean;
}

/** Every word of the search, in whatever order and size of letters, as the host searches. */
export function like(choices: readonly Choice[], search: string): Choice[] {
  const words = search.toLowerCase().split(/\s+/u).filter(Boolean);
  const has = ({ value, name }: Choice) => {
    // A `/` in a name is written so.
    const text = `${value} ${value.replaceAll(/%2f/giu, '/')} ${name}`.toLowerCase();
    return words.every(word => text.includes(word));
  };
  return choices.filter(has);
}
