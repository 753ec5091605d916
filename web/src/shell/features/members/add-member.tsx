import { useState } from 'react';
import { useSession } from '@/shell/api/session';
import { CopyButton } from '@/shell/app/page/copy-button';
import { useShellText } from '@/shell/i18n/shell-text';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { Dialog, DialogActions, DialogClose, DialogContent } from '@/shell/ui/dialog';
import { text } from './text';

/** Explanation of how a member is added, because the API cannot add one. */
export function AddMember() {
  const t = useText(text).add;
  const shell = useShellText();
  const slug = useSession().tenant?.slug ?? '';
  const [open, setOpen] = useState(false);
  const command = `eaf member add --tenant ${slug} --subject SUB --name NAME --email MAIL --locale en --role ROLE`;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.action}</Button>
      <Dialog open={open} onOpenChange={setOpen}>
        <DialogContent title={t.title} lead={t.lead} closeLabel={shell.close}>
          <p className="text-sm">{t.send}</p>
          <p className="flex items-center gap-2 rounded-lg bg-sunken px-3 py-2">
            <code className="min-w-0 flex-1 font-mono text-xs wrap-anywhere">{command}</code>
            <CopyButton text={command} what={t.command} />
          </p>
          <p className="text-sm">{t.again}</p>
          <DialogActions>
            <DialogClose asChild>
              <Button>{shell.close}</Button>
            </DialogClose>
          </DialogActions>
        </DialogContent>
      </Dialog>
    </>
  );
}
