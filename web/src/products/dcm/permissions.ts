export const REQUEST = 'dcm.request';
export const APPROVE = 'dcm.approve';
/** Decisions on the requests about which a policy asks the person. */
export const DECIDE = 'dcm.decide';
export const OFFER = 'dcm.offer';
export const OPERATE = 'dcm.operate';
/** Policies of the tenant and its business hours. */
export const POLICY = 'dcm.policy';
export const AUDIT = 'dcm.audit';

/** One of these permits reading requests and machines, at least one's own. */
export const READERS = [REQUEST, APPROVE, OPERATE, AUDIT] as const;
/** One of these permits reading the requests and machines of all people. */
export const READERS_OF_ALL = [APPROVE, OPERATE, AUDIT] as const;
