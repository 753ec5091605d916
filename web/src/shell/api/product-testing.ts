import type { ProductId } from './contract';

/** A product that no document knows, for tests of the shell. */
export const SHOP = 'shop' as ProductId;
export const ORDERS = 'orders' as never;
