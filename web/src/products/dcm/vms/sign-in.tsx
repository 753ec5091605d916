import { AddressText } from '@/shell/app/page/address';
import { CopyButton } from '@/shell/app/page/copy-button';
import { useText } from '@/shell/i18n/use-text';
import { text } from './text';

interface SignInProps {
  /** How the machine's system is usually signed in to; null: not known. */
  access: string | null;
  ip: string;
  image: string;
}

/** How to get into the machine, with the command to copy where the way is known. */
export function SignIn({ access, ip, image }: SignInProps) {
  const t = useText(text).signIn;
  if (access === 'ssh')
    return <Command sentence={t.ssh(image)} command={`ssh ${t.user}@`} ip={ip} what={t.command} />;
  if (access === 'rdp') return <Command sentence={t.rdp} command="mstsc /v:" ip={ip} what={t.command} />;
  return t.other(image);
}

interface CommandProps {
  sentence: string;
  /** As far as the address, before which it may go on in the next line. */
  command: string;
  ip: string;
  what: string;
}

function Command({ sentence, command, ip, what }: CommandProps) {
  return (
    <span className="grid gap-1">
      {sentence}
      <span className="flex items-center gap-1">
        <code className="min-w-0 rounded bg-sunken px-1.5 py-0.5 font-mono text-xs text-text">
          {command}
          <wbr />
          <AddressText address={ip} />
        </code>
        <CopyButton text={command + ip} what={what} className="-my-1 shrink-0" />
      </span>
    </span>
  );
}
