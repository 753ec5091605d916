import { CircleAlert } from 'lucide-react';
import { useId } from 'react';
import { useEditor } from './editor';

/** Error of a part that is no single field, such as a list. */
export function PartError({ error, label }: { error: string | undefined; label: string }) {
  const id = useId();
  if (!error) return null;
  return (
    <p
      id={id}
      tabIndex={-1}
      data-invalid={label}
      className="flex items-start gap-1.5 rounded text-xs text-bad"
    >
      <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
      {error}
    </p>
  );
}

/** Error of the part of a policy at a JSON pointer of the command. */
export function PlaceError({ place, label }: { place: string; label: string }) {
  return <PartError error={useEditor().errorAt(place)} label={label} />;
}
