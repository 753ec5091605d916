/** A field of a form that has to be corrected. */
export interface InvalidField {
  id: string;
  label: string;
}

const INVALID = '[aria-invalid="true"]';

/** In the order in which people read them, whatever order they were refused in. */
export function invalidFields(form: HTMLElement): InvalidField[] {
  return [...form.querySelectorAll<HTMLElement>(INVALID)].map(({ id }) => ({
    id,
    label: form.querySelector(`label[for="${id}"]`)?.textContent ?? id,
  }));
}

export function focusFirstInvalid(form: HTMLElement): void {
  form.querySelector<HTMLElement>(INVALID)?.focus();
}
