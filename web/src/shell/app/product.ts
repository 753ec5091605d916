import type { AnyRoute, LinkProps } from '@tanstack/react-router';
import type { LucideIcon } from 'lucide-react';
import { type FunctionComponent, createContext, use } from 'react';
import type { ProductId } from '@/shell/api/contract';
import type { Lazy } from './page/lazy-page';
import type { Texts } from '@/shell/i18n/use-text';

/** What a product brings to the shell, which knows no product by name. `src/products/index.ts` lists them. */
export interface Product {
  /** As in the addresses of its API. */
  id: ProductId;
  text: Texts<ProductText>;
  /** Its pages, below [`shellRoute`]. */
  routes: readonly AnyRoute[];
  nav: {
    work: readonly ProductNavEntry[];
    administration: readonly ProductNavEntry[];
  };
  home: {
    /** Those who have one of them see some of the panels. */
    permissions: readonly string[];
    Panels: Lazy;
    /** The button beside the greeting; nothing for those who may not. */
    Action: Lazy;
  };
  search: {
    sources: readonly SearchSource[];
    /** Draws what was found. */
    Found: FunctionComponent<FoundProps>;
  };
  /** A view that names the people who can be chosen in the audit's filters. */
  people?: PeopleSource;
  /** Its mails by the name of their template. */
  mails: Texts<Record<string, string>>;
  /** The pages of its things by kind, as in the audit's objects: `order` in `<product>/order/<key>`. */
  pages: Readonly<Record<string, (key: string) => Place>>;
}

export interface ProductText {
  /** A few letters. */
  name: string;
  longName: string;
  /** One sentence for who is not signed in yet. */
  lead: string;
}

export interface ProductNavEntry {
  to: string;
  label: Texts<string>;
  Icon: LucideIcon;
  /** One of them is enough. */
  permissions: readonly string[];
}

/** A row as far as every view has it. */
export type AnyRow = { key: string } & Readonly<Record<string, unknown>>;

/** A view in which Ctrl-K searches. */
export interface SearchSource {
  view: string;
  /** One of them is enough to read it. */
  permissions: readonly string[];
  /** What is searched of a row, so that what was found by fewer letters is shown only while it fits. */
  texts: (row: AnyRow) => readonly (string | null | undefined)[];
}

export interface FoundProps {
  /** Rows by view, in the order in which the host found them. */
  rows: Readonly<Record<string, readonly AnyRow[]>>;
  /** As the host reads what is typed. */
  words: readonly string[];
  /** Closes the palette and does this. */
  choose: (run: () => void) => () => void;
}

export interface PeopleSource {
  view: string;
  /** The column with the name; the key is the person's id. */
  name: string;
  permissions: readonly string[];
}

/** An address and its parameters. */
export interface Place {
  to: string;
  params?: Record<string, string>;
}

/** A link to a place whose route's type is not known here. */
export const asLink = (place: Place): LinkProps => place as LinkProps;

export const ProductsContext = createContext<readonly Product[]>([]);

/** The products of this installation. */
export function useProducts(): readonly Product[] {
  return use(ProductsContext);
}
