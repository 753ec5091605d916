import type { LinkProps } from '@tanstack/react-router';
import { type Product, asLink } from '@/shell/app/product';

/** What an audit row says of what it was about. */
export interface About {
  plugin: string | null;
  object: string;
  about: string | null;
}

const THING = /(?:^|\/)(?<kind>[a-z-]+)\/(?<key>[0-9a-f-]{36})$/u;

/** The page of what a row was about, if its product has one for things of this kind. */
export function pageOf({ plugin, object, about }: About, products: readonly Product[]): LinkProps | null {
  const thing = about ?? object;
  const { kind, key } = THING.exec(thing)?.groups ?? {};
  if (!kind || !key) return null;
  // A refusal is the host's row about a product's thing.
  const named = products.find(({ id }) => id === plugin || thing.startsWith(`${id}/`));
  const page = (named ? [named] : products).map(({ pages }) => pages[kind]).find(Boolean);
  return page ? asLink(page(key)) : null;
}
