import { useEffect } from 'react';
import type { UseFormReturn } from 'react-hook-form';
import type { PolicyDraft } from './policy-draft';

/** Tells the page whether the form has unsaved changes. */
export function useTellDirty(
  form: UseFormReturn<PolicyDraft>,
  tell: ((isDirty: boolean) => void) | undefined,
): void {
  const { isDirty } = form.formState;
  useEffect(() => tell?.(isDirty), [tell, isDirty]);
}
