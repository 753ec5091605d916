const en = {
  groups: {
    approval: 'Approval',
    provision: 'Build',
    cancel: 'Removal of the parts that were built',
    decommission: 'Decommissioning',
  },
  attempt: (group: string, number: string) => `${group}, attempt ${number}`,
  pause: (duration: string) => `${duration} after the end of the attempt before`,
  phases: {
    question: 'Question to the requester',
    proposal: 'Proposal to the requester',
  },
  waits: {
    approval: 'Wait',
    provision: 'Wait for the build',
    cancel: 'Wait for the removal',
    decommission: 'Wait for the decommissioning',
  },
  outcomes: {
    failed: 'failed',
    rejected: 'rejected',
    ended: 'ended without a result',
  },
  began: (time: string) => `Began: ${time}`,
  unknown: 'duration not recorded',
  empty: 'No durations are recorded.',
};

const de: typeof en = {
  groups: {
    approval: 'Freigabe',
    provision: 'Bereitstellung',
    cancel: 'Entfernen der angelegten Teile',
    decommission: 'Stilllegung',
  },
  attempt: (group, number) => `${group}, Versuch ${number}`,
  pause: duration => `${duration} nach dem Ende des Versuchs davor`,
  phases: {
    question: 'Rückfrage an die antragstellende Person',
    proposal: 'Vorschlag an die antragstellende Person',
  },
  waits: {
    approval: 'Wartezeit',
    provision: 'Warten auf die Bereitstellung',
    cancel: 'Warten auf das Entfernen',
    decommission: 'Warten auf die Stilllegung',
  },
  outcomes: {
    failed: 'fehlgeschlagen',
    rejected: 'abgelehnt',
    ended: 'ohne Ergebnis beendet',
  },
  began: time => `Begonnen: ${time}`,
  unknown: 'Dauer nicht aufgezeichnet',
  empty: 'Es sind keine Zeiten aufgezeichnet.',
};

export const text = { en, de };
