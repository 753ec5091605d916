import { useState } from 'react';
import { flushSync } from 'react-dom';
import {
  type DefaultValues,
  type FieldValues,
  type Path,
  type UseFormReturn,
  useForm,
} from 'react-hook-form';
import { useCommand } from '@/shell/api/commands';
import type { Accepted, CommandBody, CommandName, ProductId } from '@/shell/api/contract';
import { type FieldProblem, Problem, endsSession } from '@/shell/api/problem';
import { type InvalidField, focusFirstInvalid, invalidFields } from './invalid-fields';
import { splitProblem } from './split-problem';
import { type UnsentInput, useUnsentInput } from './use-unsent-input';

export interface CommandFormOptions<P extends ProductId, C extends CommandName<P>, F extends FieldValues> {
  product: P;
  command: C;
  defaultValues: DefaultValues<F>;
  /** Fields of the form; errors at other pointers are shown in its alert. */
  fields: readonly Path<F>[];
  body: (values: F) => CommandBody<P, C>;
  /** Name under which input is stored until it is sent; undefined: none is stored. */
  unsent?: string;
  onDone: (accepted: Accepted) => void;
  /** Called before a refusal is shown; a problem that it throws is shown instead. */
  onRefused?: (cause: unknown) => Promise<void>;
}

/** Problem in the form's alert. */
export interface FormProblem {
  cause: unknown;
  fields: FieldProblem[];
}

export interface CommandForm<F extends FieldValues> {
  form: UseFormReturn<F>;
  submit: (event?: React.BaseSyntheticEvent) => void;
  busy: boolean;
  alert: FormProblem | null;
  unsent: UnsentInput;
  /** Error of a field. */
  errorAt: (path: Path<F>) => string | undefined;
  /** Invalid fields in the order of the page. */
  invalid: readonly InvalidField[];
}

/**
 * Form that gives a command.
 *
 * The host validates. Errors are shown at their fields, the first invalid field gets the focus, and
 * the input stays.
 */
export function useCommandForm<P extends ProductId, C extends CommandName<P>, F extends FieldValues>(
  options: CommandFormOptions<P, C, F>,
): CommandForm<F> {
  const { product, command, defaultValues, fields, body, onDone } = options;
  const form = useForm<F>({ defaultValues, shouldFocusError: false });
  const submission = useSubmission(form, fields);
  const { mutateAsync } = useCommand(product, command);
  const unsent = useUnsentInput(form, { name: options.unsent, fields });
  const send = async (values: F) => {
    const accepted = await mutateAsync(body(values)).catch(async (cause: unknown) => {
      await options.onRefused?.(cause);
      throw cause;
    });
    unsent.forget();
    onDone(accepted);
  };
  return { form, ...submission, unsent, submit: event => void submission.run(event, send) };
}

/** Form for any other request: shows the problem that `send` throws, and keeps the input. */
export function useSubmission<F extends FieldValues>(form: UseFormReturn<F>, fields: readonly Path<F>[]) {
  const [alert, setAlert] = useState<FormProblem | null>(null);
  const [busy, setBusy] = useState(false);
  const [invalid, setInvalid] = useState<readonly InvalidField[]>([]);
  // Read during rendering, because React Hook Form subscribes by access.
  const { errors } = form.formState;

  function show(cause: unknown): void {
    if (endsSession(cause)) return;
    const split = cause instanceof Problem ? splitProblem(cause, fields) : null;
    for (const { path, message } of split?.atFields ?? [])
      form.setError(path as Path<F>, { type: 'host', message });
    setAlert(!split || split.needsAlert ? { cause, fields: split?.elsewhere ?? [] } : null);
  }

  async function run(
    event: Pick<React.BaseSyntheticEvent, 'preventDefault' | 'currentTarget'> | undefined,
    send: (values: F) => Promise<void>,
  ): Promise<void> {
    event?.preventDefault();
    if (busy) return;
    const element = event?.currentTarget as HTMLElement | null | undefined;
    setBusy(true);
    setAlert(null);
    setInvalid([]);
    form.clearErrors();
    try {
      // A copy, since the person can type while it is sent.
      await send(structuredClone(form.getValues()));
    } catch (cause) {
      // Rendered synchronously, because the first invalid field gets the focus.
      flushSync(() => show(cause));
      if (!element) return;
      setInvalid(invalidFields(element));
      focusFirstInvalid(element);
    } finally {
      setBusy(false);
    }
  }

  const errorAt = (path: Path<F>): string | undefined => {
    const found = path
      .split('.')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], errors);
    return (found as { message?: string } | undefined)?.message;
  };
  return { alert, busy, invalid, run, errorAt };
}
