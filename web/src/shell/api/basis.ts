/**
 * Precondition of a change: the state that it was made on. The host refuses the change if the state
 * is another one.
 */
export type BasisHeader = { 'If-Match'?: string; 'If-None-Match'?: '*' };

/** Code of that refusal. */
export const CHANGED_MEANWHILE = 'changed-meanwhile';

/**
 * Precondition that the state is still the one that was read: the `position` of a row, or another
 * tag of the host.
 */
export const asRead = (tag: string): BasisHeader => ({ 'If-Match': `"${tag}"` });

export const NOT_THERE_YET: BasisHeader = { 'If-None-Match': '*' };
