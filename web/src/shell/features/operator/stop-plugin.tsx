import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '@/shell/api/client';
import { useText } from '@/shell/i18n/use-text';
import { Button } from '@/shell/ui/button';
import { toast } from '@/shell/ui/toast';
import { type Plugin, pluginsQuery } from './platform';
import { ReasonDialog } from './reason-dialog';
import { text } from './text';

/** Stops a plugin for all tenants by one act, or resumes it. */
export function StopPlugin({ plugin: { id, name, stopped } }: { plugin: Plugin }) {
  const { plugins: t } = useText(text);
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const act = stopped ? t.resume : t.stop;
  const send = async (reason: string) => {
    const body = { stopped: !stopped, reason };
    const sent = answerOf(
      api.PUT('/api/host/plugins/{plugin}/stopped', { params: { path: { plugin: id } }, body }),
    );
    await sent.finally(() => client.invalidateQueries({ queryKey: pluginsQuery.queryKey }));
    toast.success(stopped ? t.goesOn(name) : t.isStopped(name));
  };
  return (
    <>
      <Button size="small" aria-label={`${act}: ${name}`} onClick={() => setAsking(true)}>
        {act}
      </Button>
      {asking ? (
        <ReasonDialog
          title={stopped ? t.resumeTitle(name) : t.stopTitle(name)}
          lead={stopped ? t.resumeLead : t.stopLead}
          submitLabel={act}
          look={stopped ? 'primary' : 'danger'}
          send={send}
          close={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
