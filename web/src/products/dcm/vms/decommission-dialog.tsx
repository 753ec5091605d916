import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { useText } from '@/shell/i18n/use-text';
import { text } from './text';
import { TypedNameDialog } from './typed-name-dialog';

export function DecommissionDialog(props: ActionDialogProps) {
  const t = useText(text).decommission;
  const { name } = props;
  return (
    <TypedNameDialog
      {...props}
      command="decommission-vm"
      title={t.title(name)}
      lead={t.lead}
      done={t.done(name)}
      reason={{ label: t.reason, hint: t.reasonHint }}
    />
  );
}
