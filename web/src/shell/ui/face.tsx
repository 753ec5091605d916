import { cn } from './cn';

interface FaceProps {
  name: string;
  className?: string;
}

/** Initials of a person in a circle, with the name for screen readers and under the pointer. */
export function Face({ name, className }: FaceProps) {
  return (
    <span
      role="img"
      aria-label={name}
      title={name}
      className={cn(
        'grid size-8 shrink-0 place-items-center rounded-full border border-line-strong/50 bg-sunken text-xs font-medium',
        className,
      )}
    >
      <span aria-hidden>{initials(name)}</span>
    </span>
  );
}

/** First letters of the first and the last word. */
export function initials(name: string): string {
  const words = name.match(/[\p{L}\p{N}]\S*/gu) ?? [];
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map(word => [...(word ?? '')][0]?.toLocaleUpperCase() ?? '').join('');
}
