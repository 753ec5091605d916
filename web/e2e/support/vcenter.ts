import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const govcPath = fileURLToPath(new URL('../../../bin/govc', import.meta.url));

/** Runs VMware's own client, which is independent of EAF. `eaf dev env` sets `GOVC_*`. */
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

/** Password of acme's vCenter in the demo, from `GOVC_URL`. */
export function password(): string {
  const url = new URL(process.env.GOVC_URL ?? '');
  return decodeURIComponent(url.password);
}
