import { Minus, Plus } from 'lucide-react';
import type { ComponentProps } from 'react';
import { readWholeNumber } from '@/shell/app/form/whole-number';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import { Input } from '@/shell/ui/input';
import { text } from './text';

interface NumberInputProps extends Omit<ComponentProps<'input'>, 'onChange' | 'value'> {
  /** Unit in the names of the buttons. */
  what: string;
  value: string;
  min: number;
  max: number;
  onChange: (value: string) => void;
}

const STEPS: Record<string, number> = { ArrowUp: 1, ArrowDown: -1 };

/**
 * Number input with buttons to decrease and increase.
 *
 * The limits are hints: the host decides. A text field, because a field of type number changes with
 * the mouse wheel and alters input that it cannot read.
 */
export function NumberInput({ what, value, min, max, onChange, className, ...rest }: NumberInputProps) {
  const t = useText(text).form;
  const step = (by: number) => {
    const number = readWholeNumber(value);
    const next = number === null ? min : number + by;
    onChange(String(Math.min(Math.max(next, min), max)));
  };
  return (
    <div className={cn(boxStyle, className)}>
      <Input
        {...rest}
        inputMode="numeric"
        autoComplete="off"
        value={value}
        onChange={event => onChange(event.target.value)}
        onKeyDown={event => {
          const by = STEPS[event.key];
          if (by === undefined) return;
          event.preventDefault();
          step(by);
        }}
        className="min-w-16 flex-1 border-0 bg-transparent shadow-none focus-visible:outline-none"
      />
      <Button
        look="quiet"
        size="icon"
        className={stepStyle}
        aria-label={t.less(what)}
        onClick={() => step(-1)}
      >
        <Minus aria-hidden />
      </Button>
      <Button
        look="quiet"
        size="icon"
        className={stepStyle}
        aria-label={t.more(what)}
        onClick={() => step(1)}
      >
        <Plus aria-hidden />
      </Button>
    </div>
  );
}

/** The box of input and buttons has border and focus ring. */
const boxStyle =
  'flex rounded-md border border-line-strong/70 bg-surface shadow-low transition-colors hover:border-line-strong ' +
  'outline-ring has-[input[aria-invalid=true]]:border-bad-solid ' +
  'has-[input:focus-visible]:border-ring has-[input:focus-visible]:outline-2';

const stepStyle = 'h-9 rounded-none border-l border-line last:rounded-r-md';
