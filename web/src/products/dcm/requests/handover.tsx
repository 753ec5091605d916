import { Link } from '@tanstack/react-router';
import { ArrowRight } from 'lucide-react';
import { AddressText } from '@/shell/app/page/address';
import { CopyButton } from '@/shell/app/page/copy-button';
import { useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import type { Row } from '../api';
import { SignIn } from '../vms/sign-in';
import type { HandedOver } from './handed-over';
import { text } from './text';

interface HandoverProps {
  request: Row<'requests'>;
  /** Present row: the address may have changed since the hand-over. */
  vm: Row<'vms'> | undefined;
  now: HandedOver;
}

/** Name and address of the VM with instructions for sign-in. */
export function Handover({ request, vm, now }: HandoverProps) {
  const t = useText(text);
  const format = useFormat();
  const gone = now === 'gone';
  const ip = gone ? null : vm ? vm.ip : request.ip;
  // State of a machine that is not simply running.
  const told = now === 'off' || now === 'suspended' || now === 'ready' || gone;
  const sentence = vm && !told ? format.sentence(vm.waiting_on) : null;
  return (
    <div className="grid gap-4 pt-1">
      {sentence ? <p className="text-quiet">{sentence}</p> : null}
      <dl className="flex flex-wrap gap-x-10 gap-y-3">
        <Address label={t.next.name} value={request.vm_name} />
        {ip || now === 'ready' ? (
          <Address
            label={t.next.ip}
            value={ip}
            missing={request.await_address === false ? t.next.notReported : t.next.noIp}
          />
        ) : null}
      </dl>
      {now === 'ready' ? (
        <div className="grid gap-1 text-sm">
          <h3 className="font-semibold">{t.next.title}</h3>
          <ol className="grid list-decimal gap-1 pl-4.5 text-quiet">
            {ip ? (
              <li>
                <SignIn access={vm?.access ?? null} ip={ip} image={request.image ?? ''} />
              </li>
            ) : null}
            <li>{t.next.giveBack}</li>
          </ol>
        </div>
      ) : null}
      <div>
        <Button look={gone ? 'secondary' : 'primary'} asChild>
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
