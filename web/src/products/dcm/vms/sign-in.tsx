import { AddressText } from '@/shell/app/page/address';
import { CopyButton } from '@/shell/app/page/copy-button';
import { useText } from '@/shell/i18n/use-text';
import { text } from './text';

interface SignInProps {
  /** Protocol of sign-in; `null`: unknown. */
  access: string | null;
  ip: string;
  image: string;
}

/** Instructions for sign-in to the machine, with a command to copy if the protocol is known. */
export function SignIn({ access, ip, image }: SignInProps) {
  const t = useText(text).signIn;
  if (access === 'ssh')
    return <Command sentence={t.ssh(image)} command={`ssh ${t.user}@`} ip={ip} what={t.command} />;
  if (access === 'rdp') return <Command sentence={t.rdp} command="mstsc /v:" ip={ip} what={t.command} />;
  return t.other(image);
}

interface CommandProps {
  sentence: string;
  /** Command up to the address, which may wrap to the next line. */
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
