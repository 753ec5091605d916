import { useQueryClient } from '@tanstack/react-query';
import type { RefObject } from 'react';
import type { UseFormReturn } from 'react-hook-form';
import { type FieldProblem, Problem, isProblem } from '@/shell/api/problem';
import { normalizeInput } from '@/shell/app/form/normalize-input';
import { mergeErrors } from '@/shell/app/form/merge-errors';
import type { Basis } from '@/shell/app/form/use-basis';
import type { UnsentInput } from '@/shell/app/form/use-unsent-input';
import { type Language, useLanguage } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { toast } from '@/shell/ui/toast';
import { type CommandBody, rehearse, useCommand } from '../api';
import { atPlaces, placesOf } from './places';
import { type PolicyDraft, parsed } from './policy-draft';
import { toDocument, toForm } from './policy-model';
import { text } from './text';

/** Time-out in milliseconds of the rehearsal that finds further mistakes. */
const REHEARSAL = 5_000;

interface SaveOptions {
  form: UseFormReturn<PolicyDraft>;
  basis: Basis<PolicyDraft>;
  unsent: UnsentInput;
  /** Panel with the conflicts, which gets the focus. */
  panel: RefObject<HTMLElement | null>;
  revision: number;
  language: Language;
  onSaved: (policy: string) => void;
}

/** Saves the draft of a policy. Errors are at the places that show them. */
export function useSaveDraft(options: SaveOptions): (typed: PolicyDraft) => Promise<void> {
  const { form, basis, unsent, panel, revision, language, onSaved } = options;
  const t = useText(text);
  const shown = useLanguage();
  const client = useQueryClient();
  const { mutateAsync } = useCommand('draft-policy');

  const refused = async (cause: unknown): Promise<unknown> => {
    if (!isProblem(cause, 'draft-changed')) return cause;
    if (revision === 0) return takenKey(t.keyTaken);
    await client.invalidateQueries({ queryKey: ['view'] });
    return cause;
  };

  const send = async (body: CommandBody<'draft-policy'>, mistakes: FieldProblem[]) => {
    const rehearsal = () => rehearse('draft-policy', body, AbortSignal.timeout(REHEARSAL));
    if (mistakes.length > 0) throw await mergeErrors(mistakes, rehearsal);
    await mutateAsync(body).catch(async (cause: unknown) => {
      throw await refused(cause);
    });
  };

  return async typed => {
    const model = parsed(typed.document);
    const { document, mistakes } = toDocument(model, language);
    const body = {
      policy: normalizeInput(typed.policy),
      name_de: normalizeInput(typed.name_de),
      name_en: normalizeInput(typed.name_en),
      document: document as unknown as CommandBody<'draft-policy'>['document'],
      revision,
    };
    if (basis.conflicts.length > 0) return panel.current?.focus();
    // The form has the values as the host returns them, so that its answer is no change.
    const sent = mistakes.length > 0 ? typed : inHostForm(body, toForm(document, language));
    if (mistakes.length === 0) fill(form, sent);
    const found = mistakes.map(({ pointer, mistake }) => ({
      pointer,
      code: mistake,
      message: t.mistakes[mistake],
    }));
    await send(body, found).catch((cause: unknown) => {
      throw cause instanceof Problem ? atPlaces(cause, placesOf(model)) : cause;
    });
    toast.success(t.saved(body[`name_${shown}`]));
    if (JSON.stringify(form.getValues()) !== JSON.stringify(sent)) return;
    form.reset(sent);
    unsent.forget();
    onSaved(body.policy);
  };
}

function inHostForm(body: CommandBody<'draft-policy'>, document: object): PolicyDraft {
  const { policy, name_de, name_en } = body;
  return { policy, name_de, name_en, document: JSON.stringify(document) };
}

function fill(form: UseFormReturn<PolicyDraft>, draft: PolicyDraft): void {
  for (const [name, value] of Object.entries(draft) as [keyof PolicyDraft, string][])
    if (form.getValues(name) !== value) form.setValue(name, value, { shouldDirty: true });
}

/** Problem for a new policy with an existing key. */
function takenKey(sentence: string): Problem {
  const errors = [{ pointer: '/policy', code: 'key-taken', message: sentence }];
  return new Problem({ status: 409, code: 'key-taken', errors });
}
