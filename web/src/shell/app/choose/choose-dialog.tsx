import { Fragment, useState } from 'react';
import { problemText } from '@/shell/app/page/problem-text';
import { Problem } from '@/shell/api/problem';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Alert } from '@/shell/ui/alert';
import { Button } from '@/shell/ui/button';
import { Command, CommandInput, CommandItem, CommandList } from '@/shell/ui/command';
import { DialogContent } from '@/shell/ui/dialog';
import { Skeleton } from '@/shell/ui/skeleton';
import type { Choice, Choosable } from './choices';
import { text } from './text';
import { type Choosing, useChoices } from './use-choices';

interface ChooseDialogProps extends Omit<Choosable, 'onOpen'> {
  /** Id of one opening of the dialog. */
  id: string;
}

export function ChooseDialog({ id, label, where, load, onChoose }: ChooseDialogProps) {
  const t = useText(text);
  const shell = useShellText();
  const [search, setSearch] = useState('');
  const choosing = useChoices(id, load, search);
  return (
    <DialogContent title={t.chooseOf(label)} closeLabel={shell.close} className="max-w-xl gap-3">
      <Command label={t.chooseOf(label)} shouldFilter={false} loop className="rounded-lg border border-line">
        <CommandInput placeholder={t.search} value={search} onValueChange={setSearch} />
        <CommandList className="max-h-[50dvh] overflow-y-auto p-1.5">
          {choosing.items.map(choice => (
            <Item key={choice.value} choice={choice} onChoose={onChoose} />
          ))}
          {choosing.pending ? <Loading /> : null}
        </CommandList>
      </Command>
      <Said choosing={choosing} search={search} where={where} />
    </DialogContent>
  );
}

interface ItemProps {
  choice: Choice;
  onChoose: (choice: Choice) => void;
}

function Item({ choice, onChoose }: ItemProps) {
  return (
    <CommandItem value={choice.value} onSelect={() => onChoose(choice)} className={ROW}>
      <span className="font-medium wrap-anywhere">{choice.name}</span>
      {choice.value === choice.name ? null : (
        <span className="font-mono text-xs wrap-anywhere text-quiet">
          <Path path={choice.value} />
        </span>
      )}
      {choice.description ? <span className="text-xs text-quiet">{choice.description}</span> : null}
    </CommandItem>
  );
}

const ROW =
  'grid cursor-default gap-0.5 rounded-md px-2.5 py-1.5 text-sm select-none data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent-text';

/** Path that wraps after a slash. */
function Path({ path }: { path: string }) {
  const parts = path.split('/');
  return parts.map((part, at) => (
    <Fragment key={parts.slice(0, at + 1).join('/')}>
      {part}
      {at < parts.length - 1 ? (
        <>
          /<wbr />
        </>
      ) : null}
    </Fragment>
  ));
}

function Loading() {
  return (
    <div aria-hidden className="grid gap-2 p-2.5">
      {[70, 55, 60].map(share => (
        <Skeleton key={share} className="h-4" style={{ width: `${share}%` }} />
      ))}
    </div>
  );
}

/** State of the list: loading, truncated, empty or failed. */
function Said({ choosing, search, where }: { choosing: Choosing; search: string; where: string }) {
  const t = useText(text);
  const shell = useShellText();
  const { answer, items, pending, error, retry } = choosing;
  const failure = answer?.failure;
  if (failure || error) {
    const sentence = failure?.text ?? (error instanceof Problem ? problemText(error, shell).detail : '');
    const details = failure && failure.message !== failure.text ? failure.message : null;
    return (
      <Alert tone="bad" role="alert" title={t.failed}>
        {sentence ? <p>{sentence}</p> : null}
        <p>{t.type}</p>
        {details ? (
          <details className="text-xs">
            <summary className="text-quiet">{t.details}</summary>
            <p lang="en" className="mt-1.5 font-mono wrap-anywhere">
              {details}
            </p>
          </details>
        ) : null}
        <div>
          <Button size="small" onClick={retry}>
            {t.again}
          </Button>
        </div>
      </Alert>
    );
  }
  const said = pending ? [t.loading(where)] : [];
  if (answer && !pending && items.length === 0) said.push(search.trim() ? t.noneLike : t.none);
  if (answer?.more) said.push(t.more);
  if (answer && answer.unreadable > 0) said.push(t.unreadable(answer.unreadable));
  return (
    <p role="status" className="min-h-5 text-sm text-quiet">
      {said.join(' ')}
    </p>
  );
}
