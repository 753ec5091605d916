import { Link } from '@tanstack/react-router';
import { ArrowRight } from 'lucide-react';
import { type Row, useRow } from '@/api/rows';
import { AddressText } from '@/app/page/address';
import { CopyButton } from '@/app/page/copy-button';
import { useText } from '@/i18n/use-text';
import { Button } from '@/ui/button';
import { text } from './text';

/** Name and address of the VM, and what to do with them. */
export function Handover({ request }: { request: Row<'requests'> }) {
  const t = useText(text);
  // The machine may have another address since it was handed over.
  const vm = useRow('vms', request.key, { throwOnError: false }).data;
  const gone = vm?.terminal === true;
  const ip = vm ? vm.ip : request.ip;
  return (
    <div className="grid gap-4 pt-1">
      <dl className="flex flex-wrap gap-x-10 gap-y-3">
        <Address label={t.next.name} value={request.vm_name} />
        {gone ? null : (
          <Address
            label={t.next.ip}
            value={ip}
            missing={request.await_address === false ? t.next.notReported : t.next.noIp}
          />
        )}
      </dl>
      <div className="grid gap-1 text-sm">
        <h3 className="font-semibold">{t.next.title}</h3>
        {gone ? (
          <p className="text-quiet">{t.next.gone}</p>
        ) : (
          <ol className="grid list-decimal gap-1 pl-4.5 text-quiet">
            {ip ? <li>{t.next.connect(request.image ?? '')}</li> : null}
            <li>{t.next.giveBack}</li>
          </ol>
        )}
      </div>
      <div>
        <Button look="primary" asChild>
          <Link to="/vms/$id" params={{ id: request.key }}>
            {t.hero.toVm}
            <ArrowRight aria-hidden />
          </Link>
        </Button>
      </div>
    </div>
  );
}

function Address({ label, value, missing }: { label: string; value: string | null; missing?: string }) {
  return (
    <div className="grid">
      <dt className="text-xs text-quiet">{label}</dt>
      <dd className="flex min-h-8 items-center gap-1 font-mono text-lg">
        {value ? (
          <>
            <AddressText address={value} />
            <CopyButton text={value} what={label} />
          </>
        ) : (
          <span className="font-sans text-sm text-quiet">{missing}</span>
        )}
      </dd>
    </div>
  );
}
