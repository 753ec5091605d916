import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { UseFormReturn } from 'react-hook-form';
import { CHANGED_MEANWHILE, NOT_THERE_YET, asRead } from '@/shell/api/basis';
import { isProblem } from '@/shell/api/problem';
import { mergeErrors } from '@/shell/app/form/merge-errors';
import { normalizeInput } from '@/shell/app/form/normalize-input';
import type { Language } from '@/shell/i18n/language';
import { useText } from '@/shell/i18n/use-text';
import { readOwnWrite, rehearse, useCommand } from '../api';
import { type Definition, type OfferingDraft, toDefinition } from './offering-draft';
import { takenKey } from './taken-key';
import { type TemplateCheck, checkTemplate } from './templates';
import { text } from './text';

/** Time-out in milliseconds of the rehearsal that finds further mistakes. */
const REHEARSAL = 5_000;

/** Outcome of a save that the host did not refuse. */
export type Saved =
  | { state: 'saved'; name: string }
  /** Another person changed the same fields; the person decides first. */
  | { state: 'conflicts' }
  /** vCenter did not answer; a further save of the same template stores it unchecked. */
  | { state: 'unchecked' }
  /** The input has changed since: the person has not asked to save it. */
  | { state: 'typed-meanwhile' };

interface Options {
  form: UseFormReturn<OfferingDraft>;
  /** Template of the stored offering; null: the offering is new. */
  storedTemplate: string | null;
  /** State of the stored offering on which the input is based, and whether others changed it. */
  basis: { tag: string; conflicts: readonly unknown[] };
  /** Language of amounts in the form. */
  language: Language;
}

/** Save of an offering, whose template is looked up in vCenter before. */
export function useSaveOffering({ form, storedTemplate, basis, language }: Options) {
  const t = useText(text);
  const known = storedTemplate !== null;
  const define = useDefine(known, basis.tag);
  const { check, unchecked, setUnchecked } = useTemplateCheck(storedTemplate);

  const save = async (typed: OfferingDraft): Promise<Saved> => {
    const sent = JSON.stringify(typed);
    const sentences = { count: t.countProblem, amount: t.amountProblem };
    const { definition, errors } = toDefinition(typed, language, sentences);
    const rehearsal = () => rehearse('define-offering', definition, AbortSignal.timeout(REHEARSAL));
    const checked = await check(definition.template);
    if (checked.state === 'bad')
      errors.push({ pointer: '/template', code: 'template-unknown', message: checked.sentence });
    if (errors.length > 0) throw await mergeErrors(errors, rehearsal);
    if (basis.conflicts.length > 0) return { state: 'conflicts' };
    if (checked.state === 'unchecked') {
      setUnchecked({ template: definition.template, sentence: checked.sentence });
      return { state: 'unchecked' };
    }
    if (JSON.stringify(form.getValues()) !== sent) return { state: 'typed-meanwhile' };
    await define(definition);
    return { state: 'saved', name: definition.name.trim() };
  };
  return { save, unchecked };
}

/** Template that vCenter did not confirm, and its sentence about the reason; null: it timed out. */
interface Unchecked {
  template: string;
  sentence: string | null;
}

function useTemplateCheck(storedTemplate: string | null) {
  const [unchecked, setUnchecked] = useState<Unchecked | null>(null);
  /** Unchanged templates are not checked: an offering can be closed when its template is gone. */
  const check = async (template: string): Promise<TemplateCheck> => {
    const isKnown = storedTemplate !== null && template === normalizeInput(storedTemplate);
    if (template === '' || isKnown || template === unchecked?.template) return { state: 'good' };
    return checkTemplate(template);
  };
  return { check, unchecked, setUnchecked };
}

/** Command that defines the offering. A refusal shows what another person stored meanwhile. */
function useDefine(known: boolean, tag: string) {
  const t = useText(text);
  const client = useQueryClient();
  const { mutateAsync } = useCommand('define-offering', known ? asRead(tag) : NOT_THERE_YET);
  return (definition: Definition) =>
    mutateAsync(definition).catch(async (cause: unknown) => {
      if (!isProblem(cause, CHANGED_MEANWHILE)) throw cause;
      if (!known) throw takenKey(t.keyTaken);
      await readOwnWrite(client, 'offerings', definition.key, String(cause.params['position']));
      throw cause;
    });
}
