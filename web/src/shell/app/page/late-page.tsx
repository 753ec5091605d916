import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { CloudOff, Unplug } from 'lucide-react';
import { type FunctionComponent, useEffect, useState } from 'react';
import { isProblem } from '@/shell/api/problem';
import { sessionQuery } from '@/shell/api/session';
import { useShellText } from '@/shell/i18n/shell-text';
import { Button } from '@/shell/ui/button';
import { reloadOnce } from '../release/release';
import { Notice } from './notice';

const EVERY = 3_000;

type Lateness = 'loading' | 'unreachable' | 'broken';

interface LatePageProps {
  load: () => Promise<void>;
  Meanwhile?: FunctionComponent | undefined;
}

/** Placeholder of a page whose script is loading. Reports a failure and keeps trying. */
export function LatePage({ load, Meanwhile }: LatePageProps) {
  const { errors, reload } = useShellText();
  const client = useQueryClient();
  const [lateness, setLateness] = useState<Lateness>('loading');
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let left = false;
    const attempt = async () => {
      const found = await tryToLoad(load, client);
      if (left || found === 'loaded') return;
      setLateness(found);
      if (found === 'unreachable') timer = setTimeout(() => void attempt(), EVERY);
    };
    void attempt();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [load, client]);

  if (lateness === 'loading') return Meanwhile ? <Meanwhile /> : null;
  if (lateness === 'unreachable')
    return (
      <Notice Icon={CloudOff} title={errors.pageUnreachable} lead={<p>{errors.pageUnreachableLead}</p>} />
    );
  return (
    <Notice Icon={Unplug} title={errors.unexpected} lead={<p>{errors.unexpectedLead}</p>}>
      <Button look="primary" onClick={() => window.location.reload()}>
        {reload}
      </Button>
    </Notice>
  );
}

async function tryToLoad(
  load: () => Promise<void>,
  client: QueryClient,
): Promise<'loaded' | 'unreachable' | 'broken'> {
  const loaded = () =>
    load().then(
      () => true,
      () => false,
    );
  if (await loaded()) return 'loaded';
  if (!(await answers(client))) return 'unreachable';
  if (await loaded()) return 'loaded';
  // The host answers without this script: a release has replaced it, or the browser caches the
  // failure.
  return reloadOnce() ? 'unreachable' : 'broken';
}

async function answers(client: QueryClient): Promise<boolean> {
  try {
    await client.fetchQuery({ ...sessionQuery, staleTime: 0, retry: false });
    return true;
  } catch (cause) {
    return isProblem(cause) && cause.status !== 0 && cause.status !== 511;
  }
}
