import type { Product } from '@/shell/app/product';
import { dcm } from './dcm';

/** The products that have pages here, in the order of the navigation. */
export const products = [dcm] as const satisfies readonly Product[];
