import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { cn } from '@/shell/ui/cn';

/** Button that copies a text and confirms that. `what` completes the label: “Copy IP address”. */
export function CopyButton({ text, what, className }: { text: string; what: string; className?: string }) {
  const t = useShellText();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const Icon = copied ? Check : Copy;
  return (
    <>
      <Button
        look="quiet"
        size="icon"
        aria-label={t.copyOf(what)}
        className={cn('size-8', className)}
        onClick={() => void copy(text).then(() => setCopied(true))}
      >
        <Icon aria-hidden />
      </Button>
      <span role="status" className="sr-only">
        {copied ? t.copied : ''}
      </span>
    </>
  );
}

async function copy(text: string): Promise<void> {
  // Browsers offer the clipboard API only in secure contexts.
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
