import type { Choice } from '@/shell/app/choose/choices';
import { type Format, useFormat } from '@/shell/i18n/format';
import { useText } from '@/shell/i18n/use-text';
import { text } from './vcenter-text';

const MB = 1024 * 1024;
const GB = 1024 * MB;

const size = (bytes: number, format: Format) =>
  bytes >= GB ? `${format.number(Math.round(bytes / GB))} GB` : format.memory(Math.round(bytes / MB));

/** Details of a choice in vCenter, in one line. */
export function useVCenterFacts(): (choice: Choice) => string {
  const t = useText(text);
  const format = useFormat();
  return ({ facts }) => {
    const {
      guest,
      cpus,
      memory_mb: memory,
      disk_bytes: disk,
      tools,
      kind,
    } = facts as Record<string, unknown>;
    const { capacity_bytes: capacity, free_bytes: free } = facts as Record<string, unknown>;
    const parts = [
      typeof kind === 'string' && t.kinds[kind],
      typeof guest === 'string' && guest,
      typeof cpus === 'number' && t.cpus(cpus),
      typeof memory === 'number' && format.memory(memory),
      typeof disk === 'number' && t.disk(size(disk, format)),
      tools === false && t.noTools,
      typeof free === 'number' &&
        typeof capacity === 'number' &&
        t.free(size(free, format), size(capacity, format)),
    ];
    return parts.filter(Boolean).join(' · ');
  };
}
