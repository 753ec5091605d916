import type { ActionDialogProps } from '@/shell/app/actions/action-plan';
import { useText } from '@/shell/i18n/use-text';
import { useRow } from '../api';
import { OTHER_VCENTER } from './may-be-forgotten';
import { text } from './text';
import { TypedNameDialog } from './typed-name-dialog';

/** Explains what is unknown and what confirming means. */
export function ConfirmGoneDialog(props: ActionDialogProps) {
  const t = useText(text).gone;
  const { action, name } = props;
  const vm = useRow('vms', String(action.body.vm), { throwOnError: false }).data;
  return (
    <TypedNameDialog
      {...props}
      command="confirm-gone"
      title={t.title(name)}
      lead={vm?.error_code === OTHER_VCENTER ? t.elsewhere : t.lead}
      done={t.done(name)}
    />
  );
}
