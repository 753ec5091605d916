import type { ReactNode } from 'react';

/** Fields that belong together, under their name. (A legend that floats is laid out as any other child.) */
export function FormSection({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: string;
  children: ReactNode;
}) {
  return (
    <fieldset className="grid gap-4 border-b border-line p-5 sm:p-6">
      <legend className="float-left text-base font-semibold">{title}</legend>
      {lead ? <p className="-mt-3 text-sm text-quiet">{lead}</p> : null}
      <div className="grid gap-4">{children}</div>
    </fieldset>
  );
}
