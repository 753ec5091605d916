import type { paths } from '@/schema';

type Answer = paths['/api/host/workflows']['get']['responses'][200]['content']['application/json'];
export type WorkflowCount = Answer['items'][number];

/** Runs of one package. */
export interface Health {
  plugin: string;
  open: number;
  done: number;
  failed: number;
  stopped: number;
  /** Number of open runs that are due and not leased. */
  overdue: number;
}

/** One line per package, those with overdue runs first. */
export function healthOf(counts: WorkflowCount[]): Health[] {
  const lines = new Map<string, Health>();
  for (const { plugin, state, runs, overdue } of counts) {
    const line = lines.get(plugin) ?? { plugin, open: 0, done: 0, failed: 0, stopped: 0, overdue: 0 };
    line[state] += runs;
    line.overdue += overdue;
    lines.set(plugin, line);
  }
  return [...lines.values()].sort((a, b) => b.overdue - a.overdue || a.plugin.localeCompare(b.plugin));
}

export type Condition = 'overdue' | 'stopped' | 'good';

/** A stopped run needs a person; failures are reported to the people concerned. */
export function conditionOf({ overdue, stopped }: Health): Condition {
  if (overdue > 0) return 'overdue';
  return stopped > 0 ? 'stopped' : 'good';
}
