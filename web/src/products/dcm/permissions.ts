export const REQUEST = 'dcm.request';
export const APPROVE = 'dcm.approve';
export const OFFER = 'dcm.offer';
export const OPERATE = 'dcm.operate';
export const AUDIT = 'dcm.audit';

/** One of these is enough to read requests and machines, if only one's own. */
export const READERS = [REQUEST, APPROVE, OPERATE, AUDIT] as const;
/** With one of these a person reads those of all. */
export const READERS_OF_ALL = [APPROVE, OPERATE, AUDIT] as const;
