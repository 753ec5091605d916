import { useBrand } from '@/shell/app/brand';

export function Brand({ under }: { under?: string | undefined }) {
  const { name } = useBrand();
  return (
    <span className="flex min-w-0 items-center gap-2.5">
      <svg viewBox="0 0 32 32" aria-hidden className="size-8 shrink-0">
        <rect width="32" height="32" rx="8" className="fill-accent" />
        <path
          d="M8 9.5h16M8 16h16M8 22.5h9"
          className="stroke-on-accent"
          strokeWidth="3"
          strokeLinecap="round"
        />
        <circle cx="23" cy="22.5" r="2.4" className="fill-on-accent" />
      </svg>
      <span className="grid min-w-0 leading-tight">
        <span className="text-[0.9375rem] font-semibold tracking-tight">{name}</span>
        {under ? <span className="wrap-anywhere text-xs text-quiet">{under}</span> : null}
      </span>
    </span>
  );
}
