import type { ProductId } from './contract';

/** Product id for tests of the shell, which is in no OpenAPI document. */
export const SHOP = 'shop' as ProductId;
export const ORDERS = 'orders' as never;
