import { Fragment } from 'react';
import { cn } from '@/shell/ui/cn';
import { CopyButton } from './copy-button';

/** IP address that never wraps within a number, since a part of one reads as another address. */
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
  /** Object in the button's label: “Copy IP address”. */
  what: string;
  className?: string;
  copyClassName?: string;
}

/** Address with a copy button. */
export function Address({ address, what, className, copyClassName }: AddressProps) {
  return (
    <span className={cn('inline-flex max-w-full items-center gap-0.5', className)}>
      <AddressText address={address} />
      <CopyButton text={address} what={what} className={cn('shrink-0', copyClassName)} />
    </span>
  );
}
