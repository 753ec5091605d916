import type { Product } from '@/shell/app/product';
import { dcm } from './dcm';

/** Products with pages, in the order of the navigation. */
export const products = [dcm] as const satisfies readonly Product[];
