import { useState } from 'react';
import type { Path, UseFormReturn } from 'react-hook-form';
import { NOT_THERE_YET, asRead } from '@/shell/api/basis';
import { resetToStored } from '@/shell/app/form/reset-to-stored';
import { useText } from '@/shell/i18n/use-text';
import { toast } from '@/shell/ui/toast';
import type { ConnectionType } from './connection-types';
import { type ConnectionValues, atPassword, toBody } from './connection-values';
import { type Connection, type TestResult, useSetConnection } from './connections';
import { text } from './text';
import type { Ended, Verdict } from './use-connection-test';

interface Options {
  type: ConnectionType;
  connection: Connection;
  form: UseFormReturn<ConnectionValues>;
  fields: readonly Path<ConnectionValues>[];
  /** Tag of the stored state on which the input is based. */
  tag: string;
  verdict: Verdict;
  /** Tests the values and shows the result. */
  test: (values: ConnectionValues) => Promise<TestResult | Ended>;
  /** Tests the stored connection, so that its state shows the success. */
  confirm: () => Promise<void>;
  onSaved: () => void;
}

/** Save of a connection, which is tested before; `saves` counts them. */
export function useSaveConnection(options: Options) {
  const { type, connection, form, fields, tag, verdict, test, confirm, onSaved } = options;
  const t = useText(text);
  const set = useSetConnection(connection);
  const [saves, setSaves] = useState(0);

  const store = async (values: ConnectionValues) => {
    const header = connection.configured ? asRead(tag) : NOT_THERE_YET;
    await set(toBody(type, values, connection.config), header).catch(cause => {
      throw atPassword(cause);
    });
    // The draft is stored now, and the password is removed from the page.
    const stored = { config: values.config, secret: { password: '' } };
    resetToStored(form, fields, { sent: values, stored });
    setSaves(saves + 1);
    onSaved();
    toast.success(t.saved(type.name));
  };

  /**
   * Tests the draft unless it was tested, and stores it if the test succeeded. A failed draft is
   * stored only on request.
   */
  const save = async (values: ConnectionValues) => {
    const result = verdict === 'untested' ? await test(values) : 'skipped';
    // The person left the page: no save.
    if (result === 'left' || (result !== 'skipped' && !result.ok)) return;
    // The input has changed since: the person has not asked to save it.
    if (JSON.stringify(form.getValues()) !== JSON.stringify(values)) return;
    await store(values);
    if (result !== 'skipped' || verdict === 'good') void confirm();
  };
  return { save, saves };
}
