import { useEffect, useRef, useState } from 'react';
import { type UseFormReturn, useWatch } from 'react-hook-form';
import { isProblem } from '@/shell/api/problem';
import type { ConnectionType } from './connection-types';
import { type ConnectionValues, atPassword, toBody } from './connection-values';
import { type Check, type Connection, type TestResult, testDraft, useTestStored } from './connections';

/** Verdict on the form's present settings. */
export type Verdict =
  /** The settings are stored, and the connection has a state. */
  | 'stored'
  | 'untested'
  | 'good'
  | 'bad'
  /** The host accepts no further tests for now. */
  | 'untestable';

/** Result of a test. */
export interface Tested {
  result: TestResult;
  check: Check;
  /** Whether the result is about the present settings. */
  fits: boolean;
}

/** Reason for no result: the person saves without one, or has left the page. */
export type Ended = 'skipped' | 'left';

const TOO_MANY = 'too-many-tests';

/** Tests the stored connection if the form is unchanged, and the draft otherwise. */
export function useConnectionTest(
  type: ConnectionType,
  connection: Connection,
  form: UseFormReturn<ConnectionValues>,
) {
  const { config: stored, configured, updated_at: saved } = connection;
  const [last, setLast] = useState<{ of: string; check: Check; result: TestResult } | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const [running, setRunning] = useState<Check | null>(null);
  const testStored = useTestStored(connection);
  const ended = useRef<AbortController | null>(null);
  useEffect(() => () => ended.current?.abort('left' satisfies Ended), []);
  const latest = useRef(saved);
  useEffect(() => {
    latest.current = saved;
  }, [saved]);
  useWatch({ control: form.control });
  // Read during rendering, because React Hook Form subscribes by access.
  const { isDirty } = form.formState;

  const isStored = configured && !isDirty;
  // A test of the stored connection refers to its present state.
  const nameOf = (values: ConnectionValues) =>
    isStored ? `stored ${saved}` : JSON.stringify(toBody(type, values, stored));
  const now = nameOf(form.getValues());
  const tested: Tested | null = last
    ? { result: last.result, check: last.check, fits: last.of === now }
    : null;
  const known = tested?.fits ? (tested.result.ok ? 'good' : 'bad') : 'untested';
  const verdict: Verdict = isStored
    ? 'stored'
    : known === 'untested' && refused === now
      ? 'untestable'
      : known;

  const test = async (check: Check, values: ConnectionValues): Promise<TestResult | Ended> => {
    const of = nameOf(values);
    const { signal } = (ended.current = new AbortController());
    setRunning(check);
    try {
      const body = () => toBody(type, values, stored);
      const result = isStored ? await testStored(check) : await testDraft(connection, check, body(), signal);
      setLast({ of, check, result });
      return result;
    } catch (cause) {
      if (signal.aborted) return signal.reason as Ended;
      if (isProblem(cause, TOO_MANY)) setRefused(of);
      throw atPassword(cause);
    } finally {
      setRunning(null);
    }
  };

  /** Tests the connection again after a save, so that its stored state shows the success. */
  const confirm = async () => {
    setRunning('test');
    const result = await testStored('test').catch(() => null);
    setRunning(null);
    if (result) setLast({ of: `stored ${latest.current}`, check: 'test', result });
  };
  return {
    verdict,
    tested,
    running,
    test,
    confirm,
    skip: () => ended.current?.abort('skipped' satisfies Ended),
  };
}
