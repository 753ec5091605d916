import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const govcPath = fileURLToPath(new URL('../../../bin/govc', import.meta.url));

/** VMware's own client, which knows nothing of EAF. `GOVC_*` come from `eaf dev env`. */
function govc(...args: string[]): string {
  return execFileSync(govcPath, args, { encoding: 'utf8' });
}

export function machines(name: string): string[] {
  return govc('find', '/', '-type', 'm', '-name', name).split('\n').filter(Boolean);
}

export function remove(name: string): void {
  govc('vm.destroy', name);
}

export function powerOff(name: string): void {
  govc('vm.power', '-off', '-force', name);
}

export function makeTemplate(name: string): void {
  govc('vm.markastemplate', name);
}

/** What the demo's vCenter of acme demands; from `GOVC_URL`. */
export function password(): string {
  const url = new URL(process.env.GOVC_URL ?? '');
  return decodeURIComponent(url.password);
}
