import { Minus, Plus } from 'lucide-react';
import type { ComponentProps } from 'react';
import { useText } from '@/i18n/use-text';
import { Button } from '@/ui/button';
import { cn } from '@/ui/cn';
import { Input } from '@/ui/input';
import { text } from './text';

interface NumberInputProps extends Omit<ComponentProps<'input'>, 'onChange' | 'value'> {
  /** What is counted, for the names of the buttons. */
  what: string;
  value: string;
  min: number;
  max: number;
  onChange: (value: string) => void;
}

/** A number with less and more. The limits are hints: the host decides what is allowed. */
export function NumberInput({ what, value, min, max, onChange, className, ...rest }: NumberInputProps) {
  const t = useText(text).form;
  const step = (by: number) => {
    const number = Number(value);
    const next = Number.isFinite(number) ? number + by : min;
    onChange(String(Math.min(Math.max(next, min), max)));
  };
  return (
    <div className={cn(boxStyle, className)}>
      <Input
        {...rest}
        type="number"
        inputMode="numeric"
        min={min}
        max={max}
        value={value}
        onChange={event => onChange(event.target.value)}
        className="min-w-16 flex-1 border-0 bg-transparent shadow-none [appearance:textfield] focus-visible:outline-none [&::-webkit-inner-spin-button]:appearance-none"
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

/** One box with its buttons in it, which has the border and the focus ring of its input. */
const boxStyle =
  'flex rounded-md border border-line-strong/70 bg-surface shadow-low transition-colors hover:border-line-strong ' +
  'outline-ring has-[input[aria-invalid=true]]:border-bad-solid ' +
  'has-[input:focus-visible]:border-ring has-[input:focus-visible]:outline-2';

const stepStyle = 'h-9 rounded-none border-l border-line last:rounded-r-md';
