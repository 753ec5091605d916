/** What a change was made on; the host refuses it where somebody else was faster. */
export type BasisHeader = { 'If-Match'?: string; 'If-None-Match'?: '*' };

/** The code with which it does. */
export const CHANGED_MEANWHILE = 'changed-meanwhile';

/** The state that was read: the `position` of a row, or what else the host gave it as a name. */
export const asRead = (tag: string): BasisHeader => ({ 'If-Match': `"${tag}"` });

export const NOT_THERE_YET: BasisHeader = { 'If-None-Match': '*' };
