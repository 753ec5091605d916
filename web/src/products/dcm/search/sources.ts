import type { AnyRow, SearchSource } from '@/shell/app/product';
import type { Row, ViewName } from '../api';
import { AUDIT, READERS, REQUEST } from '../permissions';

type Texts<V extends ViewName> = (row: Row<V>) => ReturnType<SearchSource['texts']>;

function source<V extends ViewName>(view: V, permissions: readonly string[], texts: Texts<V>): SearchSource {
  // The host answers with rows of the requested view.
  return { view, permissions, texts: row => texts(row as AnyRow & Row<V>) };
}

/** Views that Ctrl-K searches, by priority. */
export const sources = [
  source('vms', READERS, row => [row.name, row.vcenter_name, row.ip, row.requester_name, row.key]),
  source('requests', READERS, row => [row.vm_name, row.ip, row.requester_name, row.offering_name, row.key]),
  source('offerings', [REQUEST, AUDIT], row => [row.name, row.key, row.image]),
];
