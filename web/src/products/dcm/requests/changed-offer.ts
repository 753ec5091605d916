import type { FieldValues } from 'react-hook-form';
import { Problem } from '@/shell/api/problem';
import type { CommandForm } from '@/shell/app/form/use-command-form';

/** Present price and offering of a request, which differ from those it was made with. */
export interface ChangedOffer {
  expected_cents: number;
  monthly_cents: number;
  currency: string;
  /** Whether the offering was closed since. */
  closed: boolean;
  /** Template that the machine would be copied from; null: the price alone has changed. */
  template: { before: string; now: string } | null;
}

const CODES: ReadonlySet<string> = new Set(['price-changed', 'offering-changed']);

/** Change that a refused approval reports; null: another refusal, which no consent overcomes. */
export function changedOffer(cause: unknown): ChangedOffer | null {
  if (!(cause instanceof Problem) || !CODES.has(cause.code)) return null;
  const { expected_cents, monthly_cents, currency, closed, expected_template, template } = cause.params;
  if (typeof expected_cents !== 'number' || typeof monthly_cents !== 'number') return null;
  const templates = typeof expected_template === 'string' && typeof template === 'string';
  return {
    expected_cents,
    monthly_cents,
    currency: String(currency ?? ''),
    closed: closed === true,
    template:
      templates && template !== expected_template ? { before: expected_template, now: template } : null,
  };
}

/** Form without the alert about a change that the dialog shows itself. */
export function withoutChange<F extends FieldValues>(command: CommandForm<F>): CommandForm<F> {
  return command.alert && changedOffer(command.alert.cause) ? { ...command, alert: null } : command;
}
