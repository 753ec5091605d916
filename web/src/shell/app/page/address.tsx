import { Fragment } from 'react';
import { cn } from '@/shell/ui/cn';
import { CopyButton } from './copy-button';

/** An IP address that is never broken within a number: the first half would read as another address. */
export function AddressText({ address }: { address: string }) {
  return (
    <span className="max-w-[20ch] [overflow-wrap:normal] whitespace-normal">
      {address.split(/(?<=:)/).map((group, place) => (
        // oxlint-disable-next-line react/no-array-index-key -- equal groups are equal
        <Fragment key={place}>
          {group}
          <wbr />
        </Fragment>
      ))}
    </span>
  );
}

interface AddressProps {
  address: string;
  /** Completes the name of the button: “Copy IP address”. */
  what: string;
  className?: string;
  copyClassName?: string;
}

/** With what copies it. */
export function Address({ address, what, className, copyClassName }: AddressProps) {
  return (
    <span className={cn('inline-flex max-w-full items-center gap-0.5', className)}>
      <AddressText address={address} />
      <CopyButton text={address} what={what} className={cn('shrink-0', copyClassName)} />
    </span>
  );
}
