import { Fragment } from 'react';
import { cn } from '@/ui/cn';
import { CopyButton } from './copy-button';

interface AddressProps {
  address: string;
  /** Completes the name of the button: “Copy IP address”. */
  what: string;
  className?: string;
  copyClassName?: string;
}

/** An IP address that is never cut and never broken within a number: either would read as another address. */
export function Address({ address, what, className, copyClassName }: AddressProps) {
  const groups = address.split(/(?<=:)/);
  return (
    <span className={cn('inline-flex max-w-full items-center gap-0.5', className)}>
      <span className="max-w-[20ch] [overflow-wrap:normal] whitespace-normal">
        {groups.map((group, place) => (
          // oxlint-disable-next-line react/no-array-index-key -- equal groups are equal
          <Fragment key={place}>
            {group}
            <wbr />
          </Fragment>
        ))}
      </span>
      <CopyButton text={address} what={what} className={cn('shrink-0', copyClassName)} />
    </span>
  );
}
