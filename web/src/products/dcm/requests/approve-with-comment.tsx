import { useDelayed } from '@/shell/app/actions/delayed-store';
import { openDialog } from '@/shell/app/actions/open-dialogs';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { type Action, ID } from '../api';
import { ApproveDialog } from './dialogs';
import { text } from './text';

interface ApproveWithCommentProps {
  actions: Action[];
  name: string;
}

/** Button beside the decisions that approves with a comment, while the person may approve. */
export function ApproveWithComment({ actions, name }: ApproveWithCommentProps) {
  const t = useText(text).approve;
  const delayed = useDelayed(ID, actions);
  const action = actions.find(one => one.command === 'approve-request');
  if (!action?.permitted || !action.allowed || delayed) return null;
  const ask = () => openDialog(({ close }) => <ApproveDialog action={action} name={name} close={close} />);
  return (
    <Button data-command="approve-with-comment" onClick={ask}>
      {t.withComment}
    </Button>
  );
}
