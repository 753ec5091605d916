import { useQuery } from '@tanstack/react-query';
import { SlidersHorizontal } from 'lucide-react';
import { type ComponentProps, useCallback, useId, useRef, useState } from 'react';
import { fromLocal, toLocal } from '@/shell/app/form/local-time';
import { useWidth } from '@/shell/app/list/use-width';
import { zoneName } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Field } from '@/shell/ui/field';
import { Input, Select } from '@/shell/ui/input';
import { actsQuery } from './acts';
import {
  type AuditSearch,
  SOURCES,
  type Source,
  countFilters,
  isFiltered,
  isReversed,
  lately,
} from './audit-search';
import { text } from './text';
import { useTyped } from './use-typed';

interface AuditFiltersProps {
  filters: AuditSearch;
  change: (changed: AuditSearch) => void;
  clear: () => void;
  actors: [id: string, name: string][];
}

/** Width in px below which the filters need two or three rows. */
const WIDE = 560;

/** Filters of the audit, behind a button on narrow screens. */
export function AuditFilters(props: AuditFiltersProps) {
  const t = useText(text);
  const box = useRef<HTMLElement>(null);
  const wide = (useWidth(box) ?? 0) >= WIDE;
  const id = useId();
  const [open, setOpen] = useState(false);
  const shown = wide || open;
  return (
    <search ref={box} aria-label={t.filters} className="mb-5 grid gap-3">
      {wide ? null : (
        <Button
          className="justify-self-start"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <SlidersHorizontal aria-hidden />
          {t.showFilters(countFilters(props.filters))}
        </Button>
      )}
      <div id={id} hidden={!shown} className="rounded-xl border border-line bg-surface p-4 shadow-low">
        {shown ? <Fields {...props} /> : null}
      </div>
    </search>
  );
}

function Fields({ filters, change, clear, actors }: AuditFiltersProps) {
  const t = useText(text);
  const shell = useShellText();
  const acts = useId();
  const outcomes = useId();
  const { person } = filters;
  const known = useQuery(actsQuery).data ?? [];
  const isKnown = actors.some(([id]) => id === person);
  return (
    <div className="grid grid-cols-[repeat(auto-fill,minmax(min(13rem,100%),1fr))] gap-4">
      <NameField name="thing" label={t.thing} hint={t.thingHint} filters={filters} change={change} />
      <Field label={t.person}>
        <Select value={person ?? ''} onChange={event => change({ person: event.target.value || undefined })}>
          <option value="">{t.everybody}</option>
          {person && !isKnown ? <option value={person}>{t.unknown(person.slice(-4))}</option> : null}
          {actors.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t.source}>
        <Select
          value={filters.source ?? ''}
          onChange={event => change({ source: (event.target.value || undefined) as Source | undefined })}
        >
          <option value="">{shell.list.all}</option>
          {SOURCES.map(source => (
            <option key={source} value={source}>
              {t.sources[source]}
            </option>
          ))}
        </Select>
      </Field>
      <TextField name="act" label={t.act} filters={filters} change={change} list={acts} />
      <TextField name="object" label={t.object} filters={filters} change={change} />
      <MomentField name="from" label={t.from} filters={filters} change={change} />
      <MomentField
        name="to"
        label={t.to}
        filters={filters}
        change={change}
        error={isReversed(filters) ? t.reversed : undefined}
      />
      <TextField name="outcome" label={t.outcome} filters={filters} change={change} list={outcomes} />
      <TextField name="trace" label={t.trace} filters={filters} change={change} />
      <datalist id={acts}>
        {known.map(({ act, title }) => (
          <option key={act} value={act} label={title} />
        ))}
      </datalist>
      <datalist id={outcomes}>
        {OUTCOMES.map(outcome => (
          <option key={outcome} value={outcome} />
        ))}
      </datalist>
      <div className="col-span-full flex flex-wrap items-center gap-2 text-xs text-quiet">
        <span>{t.zone(zoneName())}</span>
        <span id={`${acts}-ranges`}>{t.ranges.label}</span>
        <div role="group" aria-labelledby={`${acts}-ranges`} className="flex flex-wrap gap-2">
          {SPANS.map(span => (
            <Button key={span} size="small" onClick={() => change(lately(span, new Date()))}>
              {t.ranges[span]}
            </Button>
          ))}
        </div>
        {isFiltered(filters) ? (
          <Button size="small" onClick={clear} className="ml-auto">
            {shell.list.clear}
          </Button>
        ) : null}
      </div>
    </div>
  );
}

/** Other outcomes are codes of refusals and failures. */
const OUTCOMES = ['ok', 'denied', 'pending'];

const SPANS = ['day', 'week', 'month'] as const;

interface FilterFieldProps<N extends keyof AuditSearch> {
  name: N;
  label: string;
  filters: AuditSearch;
  change: (changed: AuditSearch) => void;
}

/** Filter by the name of a thing, as people write it. */
function NameField(props: FilterFieldProps<'thing'> & { hint: string }) {
  const { name, label, hint, filters, change } = props;
  const tell = useCallback((value: string) => change({ [name]: value || undefined }), [change, name]);
  return (
    <Field label={label} hint={hint}>
      <TypedInput
        type="search"
        value={filters[name] ?? ''}
        tell={tell}
        maxLength={200}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
    </Field>
  );
}

function TextField(props: FilterFieldProps<'act' | 'object' | 'outcome' | 'trace'> & { list?: string }) {
  const { name, label, filters, change, list } = props;
  const tell = useCallback((value: string) => change({ [name]: value || undefined }), [change, name]);
  return (
    <Field label={label}>
      <TypedInput
        value={filters[name] ?? ''}
        tell={tell}
        list={list}
        maxLength={200}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        className="font-mono text-xs"
      />
    </Field>
  );
}

function MomentField(props: FilterFieldProps<'from' | 'to'> & { error?: string | undefined }) {
  const { name, label, filters, change, error } = props;
  const tell = useCallback((local: string) => change({ [name]: fromLocal(local) }), [change, name]);
  return (
    <Field label={label} error={error}>
      <TypedInput type="datetime-local" value={toLocal(filters[name])} tell={tell} max="9999-12-31T23:59" />
    </Field>
  );
}

interface TypedInputProps extends ComponentProps<'input'> {
  value: string;
  tell: (value: string) => void;
}

function TypedInput({ value, tell, ...rest }: TypedInputProps) {
  const [typed, setTyped] = useTyped(value, tell);
  return <Input {...rest} value={typed} onChange={event => setTyped(event.target.value)} />;
}
