import { type ComponentProps, type Ref, useId, useState } from 'react';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog } from '@/shell/ui/dialog';
import { Input } from '@/shell/ui/input';
import type { Choosable } from './choices';
import { ChooseDialog } from './choose-dialog';
import { text } from './text';

interface ChooseInputProps extends ComponentProps<'input'> {
  ref?: Ref<HTMLInputElement>;
  choosable: Choosable;
}

/** Input whose value can be typed or chosen from a list. */
export function ChooseInput({ choosable, ...input }: ChooseInputProps) {
  const t = useText(text);
  const [open, setOpen] = useState(false);
  // Each opening requests the choices again.
  const [openings, setOpenings] = useState(0);
  const id = useId();
  const { label, onOpen, onChoose } = choosable;
  const begin = () => {
    if (onOpen && !onOpen()) return;
    setOpenings(openings + 1);
    setOpen(true);
  };
  return (
    <div className="flex flex-wrap gap-2">
      <Input {...input} className="min-w-40 flex-1 basis-40 font-mono" />
      <Button aria-label={t.chooseOf(label)} aria-haspopup="dialog" onClick={begin}>
        {t.choose}
      </Button>
      <Dialog open={open} onOpenChange={setOpen}>
        {open ? (
          <ChooseDialog
            {...choosable}
            id={`${id}/${openings}`}
            onChoose={choice => {
              setOpen(false);
              onChoose(choice);
            }}
          />
        ) : null}
      </Dialog>
    </div>
  );
}
