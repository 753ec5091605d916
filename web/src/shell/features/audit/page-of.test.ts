import { expect, it } from 'vitest';
import type { Product } from '@/shell/app/product';
import { pageOf } from './page-of';

const KEY = '0198f0aa-1111-7222-8333-444455556666';

const product = (id: string, kind: string) =>
  ({
    id,
    pages: { [kind]: (key: string) => ({ to: `/${id}/${kind}s/$id`, params: { id: key } }) },
  }) as unknown as Product;
const products = [product('shop', 'order'), product('garage', 'order'), product('garage', 'car')];
const page = (object: string, plugin: string | null = null, about: string | null = null) =>
  pageOf({ plugin, object, about }, products)?.to;

it('leads to the page of a thing in its own product', () => {
  expect(page(`order/${KEY}`, 'shop')).toBe('/shop/orders/$id');
  expect(page(`order/${KEY}`, 'garage')).toBe('/garage/orders/$id');
  expect(page(`garage/order/${KEY}`)).toBe('/garage/orders/$id');
  expect(pageOf({ plugin: 'shop', object: `order/${KEY}`, about: null }, products)?.params).toEqual({
    id: KEY,
  });
});

it('leads from a refusal, which is a row of the host, to the refused thing', () => {
  expect(page('command', null, `shop/order/${KEY}`)).toBe('/shop/orders/$id');
});

it('has no link without a page', () => {
  expect(page('mail/default')).toBeUndefined();
  expect(page(`invoice/${KEY}`, 'shop')).toBeUndefined();
  expect(page('order/7', 'shop')).toBeUndefined();
});
