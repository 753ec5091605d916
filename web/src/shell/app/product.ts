import type { AnyRoute, LinkProps } from '@tanstack/react-router';
import type { LucideIcon } from 'lucide-react';
import { type FunctionComponent, createContext, use } from 'react';
import type { ProductId } from '@/shell/api/contract';
import type { Lazy } from './page/lazy-page';
import type { Texts } from '@/shell/i18n/use-text';

/**
 * Part of a product in the shell, which contains no product's name. `src/products/index.ts` lists
 * all.
 */
export interface Product {
  /** Id in the addresses of its API. */
  id: ProductId;
  text: Texts<ProductText>;
  /** Routes below [`shellRoute`]. */
  routes: readonly AnyRoute[];
  nav: {
    work: readonly ProductNavEntry[];
    administration: readonly ProductNavEntry[];
  };
  home: {
    /** One of these permissions shows some of the panels. */
    permissions: readonly string[];
    Panels: Lazy;
    /** Button beside the greeting; renders nothing without permission. */
    Action: Lazy;
  };
  search: {
    sources: readonly SearchSource[];
    /** Renders the results of a search. */
    Found: FunctionComponent<FoundProps>;
  };
  /** View that names people, for the audit's filters. */
  people?: PeopleSource;
  /** Names of the roles that the product knows, by role. */
  roles: Texts<Record<string, string>>;
  /** Names of mails by template. */
  mails: Texts<Record<string, string>>;
  /** Pages by kind, as in the audit's objects: `order` in `<product>/order/<key>`. */
  pages: Readonly<Record<string, (key: string) => Place>>;
}

export interface ProductText {
  /** Abbreviation of a few letters. */
  name: string;
  longName: string;
  /** Sentence on the sign-in page. */
  lead: string;
}

export interface ProductNavEntry {
  to: string;
  label: Texts<string>;
  Icon: LucideIcon;
  /** One of these is required. */
  permissions: readonly string[];
}

/** Columns that every view has. */
export type AnyRow = { key: string } & Readonly<Record<string, unknown>>;

/** View that Ctrl-K searches. */
export interface SearchSource {
  view: string;
  /** One of these is required to read the view. */
  permissions: readonly string[];
  /**
   * Searched texts of a row, so that results of an earlier search are shown only while they match.
   */
  texts: (row: AnyRow) => readonly (string | null | undefined)[];
}

export interface FoundProps {
  /** Rows by view, in the host's order. */
  rows: Readonly<Record<string, readonly AnyRow[]>>;
  /** Words of the search, as the host splits them. */
  words: readonly string[];
  /** Wraps a function so that it closes the palette first. */
  choose: (run: () => void) => () => void;
}

export interface PeopleSource {
  view: string;
  /** Column with the name; the key is the person's id. */
  name: string;
  permissions: readonly string[];
}

/** Address with its parameters. */
export interface Place {
  to: string;
  params?: Record<string, string>;
}

/** Link to an address whose route type is not known here. */
export const asLink = (place: Place): LinkProps => place as LinkProps;

export const ProductsContext = createContext<readonly Product[]>([]);

/** Products of this installation. */
export function useProducts(): readonly Product[] {
  return use(ProductsContext);
}
