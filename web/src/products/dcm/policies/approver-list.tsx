import { Plus, X } from 'lucide-react';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { ApproverFields } from './approver-fields';
import { replaced, without } from './condition-form';
import { PlaceError } from './part-error';
import { type ApproverForm, NEW_APPROVER } from './policy-model';
import { text } from './text';

interface ApproverListProps {
  approvers: ApproverForm[];
  place: string;
  onChange: (approvers: ApproverForm[]) => void;
}

/** People whom a stage asks. */
export function ApproverList({ approvers, place, onChange }: ApproverListProps) {
  const t = useText(text).stages;
  return (
    <fieldset className="grid gap-3">
      <legend className="float-left text-sm font-medium">{t.approvers}</legend>
      <PlaceError place={place} label={t.approvers} />
      {approvers.map((approver, index) => (
        <div key={`approver ${String(index)}`} className="flex items-end gap-2">
          <ApproverFields
            approver={approver}
            place={`${place}/${index}`}
            onChange={changed => onChange(replaced(approvers, index, changed))}
          />
          <Button
            look="quiet"
            size="icon"
            aria-label={t.removeApprover(String(index + 1))}
            onClick={() => onChange(without(approvers, index))}
          >
            <X aria-hidden />
          </Button>
        </div>
      ))}
      <div>
        <Button size="small" onClick={() => onChange([...approvers, NEW_APPROVER])}>
          <Plus aria-hidden />
          {t.addApprover}
        </Button>
      </div>
    </fieldset>
  );
}
