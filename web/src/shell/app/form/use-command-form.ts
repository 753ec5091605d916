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
import { type FormDraft, useDraft } from './use-draft';

export interface CommandFormOptions<P extends ProductId, C extends CommandName<P>, F extends FieldValues> {
  product: P;
  command: C;
  defaultValues: DefaultValues<F>;
  /** What the form shows; what is wrong with anything else stands in its alert. */
  fields: readonly Path<F>[];
  body: (values: F) => CommandBody<P, C>;
  /** Under which name what is typed is kept until it is sent. */
  draft?: string;
  onDone: (accepted: Accepted) => void;
  /** Before what was refused is shown. */
  onRefused?: (cause: unknown) => Promise<void>;
}

/** For the form's one alert. */
export interface FormProblem {
  cause: unknown;
  fields: FieldProblem[];
}

export interface CommandForm<F extends FieldValues> {
  form: UseFormReturn<F>;
  submit: (event?: React.BaseSyntheticEvent) => void;
  busy: boolean;
  alert: FormProblem | null;
  draft: FormDraft;
  /** The sentence at a field. */
  errorAt: (path: Path<F>) => string | undefined;
  /** The fields that have to be corrected, as people read them. */
  invalid: readonly InvalidField[];
}

/**
 * A form that gives a command. The host decides what is right; what it finds wrong stands at its field, the first of them
 * has the focus, and what was typed stays.
 */
export function useCommandForm<P extends ProductId, C extends CommandName<P>, F extends FieldValues>(
  options: CommandFormOptions<P, C, F>,
): CommandForm<F> {
  const { product, command, defaultValues, fields, body, onDone } = options;
  const form = useForm<F>({ defaultValues, shouldFocusError: false });
  const submission = useSubmission(form, fields);
  const { mutateAsync } = useCommand(product, command);
  const draft = useDraft(form, { name: options.draft, fields });
  const send = async (values: F) => {
    const accepted = await mutateAsync(body(values)).catch(async (cause: unknown) => {
      await options.onRefused?.(cause);
      throw cause;
    });
    draft.forget();
    onDone(accepted);
  };
  return { form, ...submission, draft, submit: event => void submission.run(event, send) };
}

/** The same for anything else that is sent: what `send` throws is shown, and nothing is lost. */
export function useSubmission<F extends FieldValues>(form: UseFormReturn<F>, fields: readonly Path<F>[]) {
  const [alert, setAlert] = useState<FormProblem | null>(null);
  const [busy, setBusy] = useState(false);
  const [invalid, setInvalid] = useState<readonly InvalidField[]>([]);
  // Read while rendering: only so does the form tell about changes.
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
      await send(form.getValues());
    } catch (cause) {
      // Drawn at once: only what stands there can be found and focused.
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
