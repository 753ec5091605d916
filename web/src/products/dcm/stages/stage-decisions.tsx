import { Check, X } from 'lucide-react';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { cn } from '@/shell/ui/cn';
import { type Decision, at } from './approval';
import { text } from './text';

interface StageDecisionsProps {
  decisions: readonly Decision[];
  /** Names by actor id, for the people whose deputies decided. */
  names: ReadonlyMap<string, string>;
}

/** Decisions on a stage: who decided what, when, for whom, and with which comment. */
export function StageDecisions({ decisions, names }: StageDecisionsProps) {
  const t = useText(text);
  const format = useFormat();
  if (decisions.length === 0) return null;
  return (
    <ul aria-label={t.decisions} className="grid gap-2 text-sm">
      {decisions.map(one => {
        const approved = one.verdict === 'approve';
        const Icon = approved ? Check : X;
        const person = one.approver_name ?? t.erased;
        const principal = one.on_behalf_of_id && names.get(one.on_behalf_of_id);
        return (
          <li key={`${one.approver_id} ${one.at}`} className="grid gap-1">
            <p className="flex gap-1.5">
              <Icon
                aria-hidden
                className={cn('mt-0.5 size-3.5 shrink-0', approved ? 'text-good' : 'text-bad')}
              />
              <span className="min-w-0">
                {approved ? t.approved(person) : t.rejected(person)}
                {one.on_behalf_of_id ? `, ${principal ? t.asDeputyOf(principal) : t.asDeputy}` : null}
                <span className="text-quiet">, {format.since(at(one.at))}</span>
              </span>
            </p>
            {one.comment ? (
              <blockquote className="border-l-2 border-line-strong/60 pl-3 whitespace-pre-line wrap-anywhere">
                <span className="sr-only">{t.comment}: </span>
                {one.comment}
              </blockquote>
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}
