import type { paths } from '@/schema';

type Path = '/api/host/connections/{capability}/{name}/draft/choices';

/** Choices that another system offers, or the reason why they cannot be read. */
export type Choices = paths[Path]['post']['responses'][200]['content']['application/json'];
export type Choice = Choices['items'][number];
export type LoadChoices = (search: string, signal: AbortSignal) => Promise<Choices>;

export interface Choosable {
  /** Label of the field. */
  label: string;
  /** Name of the other system. */
  where: string;
  load: LoadChoices;
  onChoose: (choice: Choice) => void;
  /** Called before the list opens; false if the person must type a value first. */
  onOpen?: () => boolean;
}

/** Choices that contain every word of the search in any order and case, as the host matches. */
export function like(choices: readonly Choice[], search: string): Choice[] {
  const words = search.toLowerCase().split(/\s+/u).filter(Boolean);
  const has = ({ value, name }: Choice) => {
    // A `/` in a name is encoded.
    const text = `${value} ${value.replaceAll(/%2f/giu, '/')} ${name}`.toLowerCase();
    return words.every(word => text.includes(word));
  };
  return choices.filter(has);
}
