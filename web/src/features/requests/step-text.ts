/** What the timeline's rows say by code: kinds of events, and the steps in vCenter. The product's own words. */
const en = {
  steps: {
    'ensure-folder': 'Prepare the folder',
    clone: 'Copy the template',
    reconfigure: 'Set CPU and memory',
    'power-on': 'Power on',
    'await-address': 'Wait for the IP address',
    'power-off': 'Power off',
    destroy: 'Delete',
  },
  kinds: {
    'request-submitted': 'Request submitted',
    'request-withdrawn': 'Request withdrawn',
    'request-approved': 'Request approved',
    'request-rejected': 'Request rejected',
    'request-retried': 'Retry started',
    'step-started': 'Step started',
    'step-progressed': 'Step in progress',
    'step-finished': 'Step finished',
    'step-failed': 'Step failed',
    stalled: 'Waiting for a system',
    resumed: 'Going on',
    'request-fulfilled': 'Request fulfilled',
    'request-failed': 'Request failed',
    'request-cancel-requested': 'Cancellation requested',
    'request-cancelled': 'Request cancelled',
    'request-cancel-failed': 'Cancelling failed',
    'vm-provisioned': 'VM handed over',
    'vm-refresh-requested': 'Refresh requested',
    'vm-refreshed': 'VM read from vCenter',
    'vm-refresh-failed': 'Refresh failed',
    'vm-decommission-requested': 'Decommissioning requested',
    'vm-decommissioned': 'VM decommissioned',
    'vm-decommission-failed': 'Decommissioning failed',
    'vm-gone-confirmed': 'Counted as removed',
  },
};

const de: typeof en = {
  steps: {
    'ensure-folder': 'Ordner vorbereiten',
    clone: 'Vorlage kopieren',
    reconfigure: 'CPU und Arbeitsspeicher einstellen',
    'power-on': 'Einschalten',
    'await-address': 'Auf die IP-Adresse warten',
    'power-off': 'Ausschalten',
    destroy: 'Löschen',
  },
  kinds: {
    'request-submitted': 'Antrag gestellt',
    'request-withdrawn': 'Antrag zurückgezogen',
    'request-approved': 'Antrag freigegeben',
    'request-rejected': 'Antrag abgelehnt',
    'request-retried': 'Wiederholung gestartet',
    'step-started': 'Schritt begonnen',
    'step-progressed': 'Schritt läuft',
    'step-finished': 'Schritt beendet',
    'step-failed': 'Schritt fehlgeschlagen',
    stalled: 'Wartet auf ein System',
    resumed: 'Geht weiter',
    'request-fulfilled': 'Antrag erfüllt',
    'request-failed': 'Antrag fehlgeschlagen',
    'request-cancel-requested': 'Abbruch angefordert',
    'request-cancelled': 'Antrag abgebrochen',
    'request-cancel-failed': 'Abbruch fehlgeschlagen',
    'vm-provisioned': 'VM übergeben',
    'vm-refresh-requested': 'Aktualisierung angefordert',
    'vm-refreshed': 'VM aus dem vCenter gelesen',
    'vm-refresh-failed': 'Aktualisierung fehlgeschlagen',
    'vm-decommission-requested': 'Stilllegung angefordert',
    'vm-decommissioned': 'VM stillgelegt',
    'vm-decommission-failed': 'Stilllegung fehlgeschlagen',
    'vm-gone-confirmed': 'Als entfernt bestätigt',
  },
};

export const stepText = { en, de };

/** A code that is newer than this page is shown as it is. */
export function said(words: Record<string, string>, code: string | null | undefined): string {
  return code ? (words[code] ?? code) : '';
}
