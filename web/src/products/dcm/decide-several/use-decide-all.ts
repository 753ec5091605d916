import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Problem, endsSession } from '@/shell/api/problem';
import { takeBackFor } from '@/shell/app/actions/delayed-store';
import { type CommandBody, type Row, useCommand } from '../api';
import { type ChangedOffer, changedOffer } from '../requests/changed-offer';
import { type Decision, offered } from './decisions';

/**
 * Result of one decision: recorded, refused with the reason, or unknown because no answer came. A
 * repetition of an unknown one is the same attempt, so it is not recorded twice.
 */
export type Result =
  | { kind: 'recorded'; decision: Decision }
  | { kind: 'refused'; cause: unknown; changed: ChangedOffer | null }
  | { kind: 'unknown' };

export interface DecideAll {
  /** Results by request. */
  results: ReadonlyMap<string, Result>;
  busy: boolean;
  /** Mistake of the text, which all decisions have in common. */
  mistake: string | undefined;
  decide: (decision: Decision, rows: readonly Row<'approvals'>[], said: string) => Promise<void>;
}

/** Gives one command per request, one after the other, so that each has a result of its own. */
export function useDecideAll(): DecideAll {
  const client = useQueryClient();
  const approve = useCommand('approve-request');
  const reject = useCommand('reject-request');
  const [results, setResults] = useState<ReadonlyMap<string, Result>>(new Map());
  const [busy, setBusy] = useState(false);
  const [mistake, setMistake] = useState<string>();

  const note = (key: string, result: Result) => setResults(old => new Map(old).set(key, result));

  const give = async (decision: Decision, row: Row<'approvals'>, said: string) => {
    const { body } = offered(row, decision) ?? { body: { request: row.key, revision: row.revision } };
    takeBackFor('request', row.key);
    if (decision === 'reject-request')
      await reject.mutateAsync({ ...body, reason: said } as CommandBody<'reject-request'>);
    else
      await approve.mutateAsync({
        ...body,
        ...(said.trim() ? { comment: said } : {}),
        ...seenPrice(results.get(row.key)),
      } as CommandBody<'approve-request'>);
  };

  const decide: DecideAll['decide'] = async (decision, rows, said) => {
    setBusy(true);
    setMistake(undefined);
    for (const row of rows) {
      try {
        // eslint-disable-next-line no-await-in-loop -- one after the other, as their lines show
        await give(decision, row, said);
        note(row.key, { kind: 'recorded', decision });
      } catch (cause) {
        if (endsSession(cause)) break;
        const wrong = mistakeOf(cause);
        setMistake(wrong);
        if (wrong !== undefined) break;
        note(row.key, failure(cause));
      }
    }
    // The present rows explain refusals that other people's acts caused.
    void client.invalidateQueries({ queryKey: ['view'] });
    setBusy(false);
  };
  return { results, busy, mistake, decide };
}

function failure(cause: unknown): Result {
  if (cause instanceof Problem && cause.undecided) return { kind: 'unknown' };
  return { kind: 'refused', cause, changed: changedOffer(cause) };
}

/** Price that the line of a refused approval shows, and that its repetition accepts. */
const seenPrice = (result: Result | undefined) =>
  result?.kind === 'refused' && result.changed
    ? { expected_monthly_cents: result.changed.monthly_cents }
    : {};

const mistakeOf = (cause: unknown): string | undefined =>
  cause instanceof Problem
    ? cause.errors.find(({ pointer }) => pointer === '/reason' || pointer === '/comment')?.message
    : undefined;
