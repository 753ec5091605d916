import type { LinkProps } from '@tanstack/react-router';
import { type Product, asLink } from '@/shell/app/product';

/** Object of an audit row. */
export interface About {
  plugin: string | null;
  object: string;
  about: string | null;
}

const THING = /(?:^|\/)(?<kind>[a-z-]+)\/(?<key>[0-9a-f-]{36})$/u;

/** Link to the page of the row's object, if its product has one for the kind. */
export function pageOf({ plugin, object, about }: About, products: readonly Product[]): LinkProps | null {
  const thing = about ?? object;
  const { kind, key } = THING.exec(thing)?.groups ?? {};
  if (!kind || !key) return null;
  // Refusals are rows of the host about a product's object.
  const named = products.find(({ id }) => id === plugin || thing.startsWith(`${id}/`));
  const page = (named ? [named] : products).map(({ pages }) => pages[kind]).find(Boolean);
  return page ? asLink(page(key)) : null;
}
