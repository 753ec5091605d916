import type { ActionDialogProps } from '@/app/actions/action-plan';
import { useText } from '@/i18n/use-text';
import { text } from './text';
import { TypedNameDialog } from './typed-name-dialog';

/** Says what is not known, and what confirming means. */
export function ConfirmGoneDialog(props: ActionDialogProps) {
  const t = useText(text).gone;
  const { name } = props;
  return (
    <TypedNameDialog
      {...props}
      command="confirm-gone"
      title={t.title(name)}
      lead={t.lead}
      done={t.done(name)}
    />
  );
}
