import { Panel } from '@/shell/app/page/panel';
import { useText } from '@/shell/i18n/use-text';
import type { Member } from '@/shell/features/members/members';
import { useDeputyOf } from './deputies';
import { DeputyForm } from './deputy-form';
import { text } from './text';

/** Deputy of another member, such as one who fell ill. */
export function MemberDeputy({ member: { actor, deputy } }: { member: Member }) {
  const t = useText(text);
  const changes = useDeputyOf(actor);
  return (
    <Panel title={t.title}>
      <DeputyForm name={`deputy/${actor}`} deputy={deputy} changes={changes} />
    </Panel>
  );
}
