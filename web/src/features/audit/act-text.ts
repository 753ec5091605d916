import { useMemo } from 'react';
import { stepText } from '@/features/requests/step-text';
import { useText } from '@/i18n/use-text';

/** What somebody did or tried to do: whether it came about, the outcome says. Events have the words of the timeline. */
const en = {
  acts: {
    'sign-in': 'Sign in',
    'sign-out': 'Sign out',
    'dcm.offering-defined': 'Offering saved',
    'dcm.name-claimed': 'VM name taken',
    'dcm.name-released': 'VM name released',
    'connection.put': 'Set a connection',
    'connection.get': 'Read a connection',
    'connection.list': 'Read the connections',
    'connection.test': 'Test a connection',
    'connection.delete': 'Delete a connection',
    'command.give': 'Give a command',
    'audit.list': 'Read the audit',
    'view.list': 'Read a list',
    'view.read': 'Read an entry',
    'view.watch': 'Follow a list',
    'tenant.add': 'Add the tenant',
    'tenant.rename': 'Rename the tenant',
    'member.add': 'Add a member',
    'member.change': 'Change a member',
    'member.remove': 'Remove a member',
    'person.erase': 'Erase a person',
    'grant.put': 'Grant a product what it may use',
    'grant.remove': 'Take a grant back',
    'audit.export': 'Export the audit',
    'mail.list-failures': 'Read the mail failures',
    'run.list': 'Read the workflow runs',
    'run.get': 'Read a workflow run',
    'vsphere.ensure-folder': 'Prepare the folder in vCenter',
    'vsphere.clone': 'Copy the template in vCenter',
    'vsphere.reconfigure': 'Set CPU and memory in vCenter',
    'vsphere.power-on': 'Power on in vCenter',
    'vsphere.power-off': 'Power off in vCenter',
    'vsphere.destroy': 'Delete in vCenter',
    'vsphere.read-vm': 'Read the VM in vCenter',
    'vsphere.forget': 'Forget a VM that vCenter lost',
    'vsphere.await-address': 'Wait for the IP address',
    'mail.send': 'Send a mail',
  },
};

const de: typeof en = {
  acts: {
    'sign-in': 'Anmelden',
    'sign-out': 'Abmelden',
    'dcm.offering-defined': 'Angebot gespeichert',
    'dcm.name-claimed': 'VM-Name vergeben',
    'dcm.name-released': 'VM-Name wieder frei',
    'connection.put': 'Verbindung speichern',
    'connection.get': 'Verbindung lesen',
    'connection.list': 'Verbindungen lesen',
    'connection.test': 'Verbindung prüfen',
    'connection.delete': 'Verbindung löschen',
    'command.give': 'Befehl erteilen',
    'audit.list': 'Protokoll lesen',
    'view.list': 'Liste lesen',
    'view.read': 'Eintrag lesen',
    'view.watch': 'Liste verfolgen',
    'tenant.add': 'Mandanten anlegen',
    'tenant.rename': 'Mandanten umbenennen',
    'member.add': 'Mitglied anlegen',
    'member.change': 'Mitglied ändern',
    'member.remove': 'Mitglied entfernen',
    'person.erase': 'Person löschen',
    'grant.put': 'Produkt etwas erlauben',
    'grant.remove': 'Erlaubnis zurücknehmen',
    'audit.export': 'Protokoll exportieren',
    'mail.list-failures': 'Nicht zugestellte Mails lesen',
    'run.list': 'Abläufe lesen',
    'run.get': 'Ablauf lesen',
    'vsphere.ensure-folder': 'Ordner im vCenter vorbereiten',
    'vsphere.clone': 'Vorlage im vCenter kopieren',
    'vsphere.reconfigure': 'CPU und Arbeitsspeicher im vCenter einstellen',
    'vsphere.power-on': 'Im vCenter einschalten',
    'vsphere.power-off': 'Im vCenter ausschalten',
    'vsphere.destroy': 'Im vCenter löschen',
    'vsphere.read-vm': 'VM im vCenter lesen',
    'vsphere.forget': 'Im vCenter verlorene VM vergessen',
    'vsphere.await-address': 'Auf die IP-Adresse warten',
    'mail.send': 'Mail senden',
  },
};

export const actText = { en, de };

/** The acts that have words, for suggestions. */
export const KNOWN_ACTS = Object.keys(en.acts).concat(
  Object.keys(stepText.en.kinds).map(kind => `dcm.${kind}`),
);

/** Words for an act; empty for one that has none here. */
export function useActWords(): (act: string) => string {
  const { acts } = useText(actText);
  const { kinds } = useText(stepText);
  return useMemo(() => {
    const words: Record<string, string> = { ...acts };
    for (const [kind, said] of Object.entries(kinds)) words[`dcm.${kind}`] = said;
    return act => words[act] ?? '';
  }, [acts, kinds]);
}
