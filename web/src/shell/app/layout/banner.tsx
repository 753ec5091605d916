import { CloudOff, Unplug } from 'lucide-react';
import { useLiveWorks } from '@/shell/api/live-views';
import { useReach } from '@/shell/api/reach';
import { useSessionEnd } from '@/shell/api/session-end';
import { useShellText } from '@/shell/i18n/shell-text';

/** Notice about the connection to the host. */
export function Banner() {
  const t = useShellText();
  const silent = useReach() === 'silent';
  const works = useLiveWorks();
  const ended = useSessionEnd() !== null;
  const Icon = silent ? CloudOff : Unplug;
  const text = silent ? t.banner.silent : works || ended ? null : t.banner.interrupted;
  return (
    <div role="status">
      {text ? (
        <p className="flex items-center gap-2.5 border-b border-wait-line bg-wait-soft px-4 py-2.5 text-sm font-medium text-wait sm:px-8">
          <Icon aria-hidden className="size-4 shrink-0" />
          {text}
        </p>
      ) : null}
    </div>
  );
}
