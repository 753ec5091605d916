import { Problem } from '@/shell/api/problem';
import type { NewGrant, Request } from './tenant-products';

export interface GrantValues {
  /** JSON text. */
  scope: string;
  connection: string;
  reason: string;
  /** Date of `<input type="date">`; empty: no expiry. */
  expires: string;
}

/** Initial values: the present grant, or one that permits nothing. */
export function toValues(request: Request): GrantValues {
  return {
    scope: JSON.stringify(request.scope ?? {}, null, 2),
    connection: request.connection ?? request.grant,
    reason: '',
    expires: request.expires_at?.slice(0, 10) ?? '',
  };
}

/**
 * Body of a grant, which expires at the end of its last day in UTC. Throws if the scope is not a
 * JSON object.
 */
export function toBody(values: GrantValues, notJson: string): NewGrant {
  return {
    scope: scopeOf(values.scope, notJson),
    connection: values.connection.trim(),
    reason: values.reason.trim(),
    expires_at: values.expires ? `${values.expires}T23:59:59Z` : null,
  };
}

function scopeOf(text: string, message: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // The error is shown at the field.
  }
  throw Problem.read(
    422,
    { code: 'body-invalid', errors: [{ pointer: '/scope', code: 'type', message }] },
    null,
  );
}
