import type { Row } from '../api';

/** Whether a request asks for the end of a machine. Other requests ask for a new one. */
export const isDecommission = ({ kind }: Pick<Row<'requests'>, 'kind'>): boolean =>
  kind === 'vm.decommission';
