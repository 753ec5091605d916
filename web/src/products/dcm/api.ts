import type { QueryClient } from '@tanstack/react-query';
import type { BasisHeader } from '@/shell/api/basis';
import * as commands from '@/shell/api/commands';
import type * as contract from '@/shell/api/contract';
import * as rows from '@/shell/api/rows';

/** Product id in the addresses of its API. */
export const ID = 'dcm';
type Id = typeof ID;

export type { Accepted, Action } from '@/shell/api/contract';
export type ViewName = contract.ViewName<Id>;
export type Row<V extends ViewName> = contract.Row<Id, V>;
export type RowsQuery<V extends ViewName> = contract.RowsQuery<Id, V>;
export type CommandName = contract.CommandName<Id>;
export type CommandBody<C extends CommandName> = contract.CommandBody<Id, C>;

/**
 * Polling intervals in milliseconds of views with an age: the host observes machines without an
 * event, so no live update is sent.
 */
const AGES: Partial<Record<ViewName, number>> = { vms: 60_000 };

const looks = <O extends rows.RowsOptions>(view: ViewName, options?: O) => ({
  refetchInterval: AGES[view] ?? (false as const),
  ...options,
});

export function useRows<V extends ViewName>(view: V, query: RowsQuery<V>, options?: rows.RowsOptions) {
  return rows.useRows<Id, V>(ID, view, query, looks(view, options));
}

export function useAllRows<V extends ViewName>(view: V, query: RowsQuery<V>, options?: rows.RowsOptions) {
  return rows.useAllRows<Id, V>(ID, view, query, looks(view, options));
}

/** One page of a view's rows, for a reader that does not follow live updates. */
export function fetchRows<V extends ViewName>(
  view: V,
  query: RowsQuery<V>,
  cursor: string | null,
  signal: AbortSignal,
) {
  return rows.fetchPage<Id, V>(ID, view, cursor ? { ...query, cursor } : query, signal);
}

export function useRow<V extends ViewName>(view: V, key: string, options?: rows.RowOptions) {
  return rows.useRow<Id, V>(ID, view, key, looks(view, options));
}

export function useRowsByKey<V extends ViewName>(view: V, keys: readonly string[]) {
  return rows.useRowsByKey<Id, V>(ID, view, keys);
}

export function useCommand<C extends CommandName>(name: C, basis?: BasisHeader) {
  return commands.useCommand(ID, name, basis);
}

export function rehearse<C extends CommandName>(name: C, body: CommandBody<C>, signal: AbortSignal) {
  return commands.rehearse(ID, name, body, signal);
}

export function readOwnWrite(client: QueryClient, view: ViewName, key: string, position: string) {
  return rows.readOwnWrite(client, ID, view, key, position);
}
