import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ProblemAlert } from '@/shell/app/page/problem-alert';
import { shownHere } from '@/shell/api/problem';
import { useSettled } from '@/shell/app/use-settled';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Command, CommandInput, CommandItem, CommandList } from '@/shell/ui/command';
import { DialogContent } from '@/shell/ui/dialog';
import { type Found, type PeopleSource, hasDoubles, isAnswered } from './people';
import { text } from './text';

interface PersonDialogProps {
  id?: string;
  title: string;
  source: PeopleSource;
  onChoose: (person: Found) => void;
}

const PAUSE = 250;
const NONE: Found[] = [];

/** Dialog that finds a person by name. */
export function PersonDialog({ id, title, source, onChoose }: PersonDialogProps) {
  const t = useText(text);
  const shell = useShellText();
  const [search, setSearch] = useState('');
  const [marked, setMarked] = useState('');
  const settled = useSettled(search.trim(), PAUSE);
  const asks = isAnswered(source, settled);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['people', source.name, settled],
    queryFn: ({ signal }) => source.find(settled, signal),
    enabled: asks,
    placeholderData: last => last,
    throwOnError: false,
  });
  const people = asks ? (data?.items ?? NONE) : NONE;
  // The first person is marked when the marked one is not found any more.
  const current = people.some(({ actor }) => actor === marked) ? marked : (people[0]?.actor ?? '');
  const pending = settled !== search.trim() || (asks && isFetching);
  return (
    <DialogContent {...(id ? { id } : {})} title={title} closeLabel={shell.close} className="max-w-xl gap-3">
      <Command
        label={title}
        shouldFilter={false}
        loop
        value={current}
        onValueChange={setMarked}
        className="rounded-lg border border-line"
      >
        <CommandInput placeholder={t.search} value={search} onValueChange={setSearch} maxLength={100} />
        <CommandList className="max-h-[50dvh] overflow-y-auto p-1.5">
          {people.map(person => (
            <CommandItem
              key={person.actor}
              value={person.actor}
              onSelect={() => onChoose(person)}
              className="flex-wrap gap-x-3 gap-y-0 py-1.5"
            >
              <span className="font-medium wrap-anywhere">{person.name}</span>
              {person.detail ? (
                <span className="text-xs wrap-anywhere text-quiet">{person.detail}</span>
              ) : null}
            </CommandItem>
          ))}
        </CommandList>
      </Command>
      {shownHere(error) && !isFetching ? (
        <ProblemAlert cause={error} onRetry={() => void refetch()} />
      ) : (
        <p role="status" className="min-h-5 text-sm text-quiet">
          {said()}
        </p>
      )}
    </DialogContent>
  );

  /** State of the search. */
  function said(): string {
    if (!isAnswered(source, search)) return t.least;
    if (pending) return t.loading;
    if (people.length === 0) return settled ? t.none : t.empty;
    return [data?.more ? t.more : '', hasDoubles(people) ? t.doubles : ''].filter(Boolean).join(' ');
  }
}
