import { Search, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useShellText } from '@/shell/i18n/shell-text';
import { Input } from '@/shell/ui/input';

/** Filters above a list. */
export function FilterBar({ children }: { children: ReactNode }) {
  return (
    <div data-filters className="mb-4 flex flex-wrap items-center gap-x-3 gap-y-2.5">
      {children}
    </div>
  );
}

interface TextFilterProps {
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** Text filter, written to the address after a pause in typing. */
export function TextFilter({ value = '', onChange }: TextFilterProps) {
  const t = useShellText();
  const [typed, setTyped] = useState(value);
  const reported = useRef(value);
  const input = useRef<HTMLInputElement>(null);
  // Follows navigation and the reset of filters.
  useEffect(() => {
    if (value !== reported.current) setTyped(value);
    reported.current = value;
  }, [value]);
  useEffect(() => {
    if (typed === reported.current) return;
    const timer = setTimeout(() => {
      reported.current = typed;
      onChange(typed || undefined);
    }, 120);
    return () => clearTimeout(timer);
  }, [typed, onChange]);
  return (
    <div className="relative w-full sm:w-60">
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-2.5 size-4 text-quiet" />
      <Input
        ref={input}
        type="search"
        aria-label={t.list.search}
        placeholder={t.list.searchPlaceholder}
        value={typed}
        onChange={event => setTyped(event.target.value)}
        className="pr-9 pl-8.5 [&::-webkit-search-cancel-button]:hidden"
      />
      {typed ? (
        <button
          type="button"
          aria-label={t.list.clear}
          onClick={() => {
            setTyped('');
            // The reset button disappears, so the focus moves to the input.
            input.current?.focus();
          }}
          className="absolute top-1 right-1 grid size-7 place-items-center rounded text-quiet hover:bg-hover hover:text-text"
        >
          <X aria-hidden className="size-4" />
        </button>
      ) : null}
    </div>
  );
}
