import type { components, paths } from '@/schema';

type Path = keyof paths;

/** Ids of the products in the OpenAPI document, from their paths. */
export type ProductId = Path extends infer P
  ? P extends `/api/${infer Id}/views/${string}`
    ? Id
    : never
  : never;

type NameIn<Prefix extends string> = Path extends infer P
  ? P extends `${Prefix}${infer Name}`
    ? Name
    : never
  : never;

export type ViewName<P extends ProductId> = Exclude<NameIn<`/api/${P}/views/`>, `${string}/{key}`>;

type RowSchema<P extends ProductId, V extends ViewName<P>> = components['schemas'][`${P}.${V}` &
  keyof components['schemas']];

/** Row of a view. The host writes every column; those without a value are null. */
export type Row<P extends ProductId, V extends ViewName<P>> = Required<RowSchema<P, V>>;

export type Action = components['schemas']['Action'];

type QueryOf<T> = T extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;

/** Filters by columns of the view, `sort` and `limit`. */
export type RowsQuery<P extends ProductId, V extends ViewName<P>> = Omit<
  QueryOf<paths[`/api/${P}/views/${V}` & Path]>,
  'cursor' | 'after'
>;

export type CommandName<P extends ProductId> = Exclude<
  NameIn<`/api/${P}/commands/`>,
  `${string}/choices/${string}`
>;

type BodyOf<T> = T extends { post: { requestBody?: { content: { 'application/json': infer B } } } }
  ? B
  : never;

export type CommandBody<P extends ProductId, C extends CommandName<P>> = BodyOf<
  paths[`/api/${P}/commands/${C}` & Path]
>;

export type Accepted = components['schemas']['Accepted'];
