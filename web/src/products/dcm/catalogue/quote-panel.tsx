import { shownHere } from '@/shell/api/problem';
import { Panel } from '@/shell/app/page/panel';
import { useFormat } from '@/shell/i18n/format';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';
import { Skeleton } from '@/shell/ui/skeleton';
import type { Row } from '../api';
import { QuotedApproval } from './quoted-approval';
import { text } from './text';
import type { Quote, Quoting } from './use-quote';

interface QuotePanelProps {
  offering: Row<'offerings'>;
  quoting: Quoting;
}

/** Price and required approvals of the form's present values. */
export function QuotePanel({ offering, quoting }: QuotePanelProps) {
  const t = useText(text).quote;
  const shell = useShellText();
  const { quote, former, pending, waiting, error, refetch } = quoting;
  return (
    <Panel title={t.title}>
      <div className="grid gap-4 p-5" aria-busy={pending || waiting}>
        <div aria-live="polite" className={cn('grid gap-4 transition-opacity', waiting && 'opacity-55')}>
          {quote ? (
            <Quoted quote={quote} former={former} offering={offering} />
          ) : pending ? (
            <>
              <Skeleton className="h-9 w-36" />
              <Skeleton className="w-48" />
            </>
          ) : shownHere(error) ? (
            <div className="grid justify-items-start gap-3">
              <p>{t.failed}</p>
              <Button size="small" onClick={() => void refetch()}>
                {shell.retry}
              </Button>
            </div>
          ) : error ? null : (
            <p className="text-quiet">{t.none}</p>
          )}
        </div>
        <p className="border-t border-line pt-3 text-xs text-quiet">
          {offering.image}. {t.fixed}
        </p>
      </div>
    </Panel>
  );
}

interface QuotedProps {
  quote: Quote;
  former: number | null;
  offering: Row<'offerings'>;
}

function Quoted({ quote, former, offering }: QuotedProps) {
  const t = useText(text).quote;
  const format = useFormat();
  const { monthly_cents, order_monthly_cents, machines, currency, approval } = quote;
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="text-3xl font-semibold tracking-tight">{format.money(monthly_cents, currency)}</span>
        <span className="text-quiet">{machines > 1 ? t.perVmAndMonth : t.perMonth}</span>
      </p>
      {machines > 1 ? (
        <p className="font-medium">
          {t.forAll(format.number(machines), format.money(order_monthly_cents, currency))}
        </p>
      ) : null}
      {former === null ? null : (
        <p className="rounded-lg border border-wait-line bg-wait-soft px-3 py-2 text-sm text-wait">
          {t.was(format.money(former, currency))}
        </p>
      )}
      <QuotedApproval
        approval={approval}
        subject={{ offering_name: offering.name, currency, order_lines: machines }}
      />
    </>
  );
}
