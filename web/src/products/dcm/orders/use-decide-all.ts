import { useState } from 'react';
import { Problem, endsSession } from '@/shell/api/problem';
import { takeBackFor } from '@/shell/app/actions/delayed-store';
import { type CommandBody, type Row, useCommand } from '../api';
import { type Decision, offered } from './decisions';

/** Result of one decision: recorded, or the problem because of which it was not. */
export type Result = { recorded: Decision } | { refused: unknown };

interface DecideAll {
  /** Results by request. */
  results: ReadonlyMap<string, Result>;
  busy: boolean;
  /** Mistake of the text, which all decisions have in common. */
  mistake: string | undefined;
  decide: (decision: Decision, rows: readonly Row<'approvals'>[], said: string) => Promise<void>;
}

/** Gives one command per request, one after the other, so that each has a result of its own. */
export function useDecideAll(): DecideAll {
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
      } as CommandBody<'approve-request'>);
  };

  const decide: DecideAll['decide'] = async (decision, rows, said) => {
    setBusy(true);
    setMistake(undefined);
    for (const row of rows) {
      try {
        // eslint-disable-next-line no-await-in-loop -- one after the other, as their lines show
        await give(decision, row, said);
        note(row.key, { recorded: decision });
      } catch (cause) {
        if (endsSession(cause)) break;
        const wrong = mistakeOf(cause);
        setMistake(wrong);
        if (wrong !== undefined) break;
        note(row.key, { refused: cause });
      }
    }
    setBusy(false);
  };
  return { results, busy, mistake, decide };
}

const mistakeOf = (cause: unknown): string | undefined =>
  cause instanceof Problem
    ? cause.errors.find(({ pointer }) => pointer === '/reason' || pointer === '/comment')?.message
    : undefined;
