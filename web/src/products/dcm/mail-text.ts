/** Names of mails by template. */
const en = {
  'approval-requested': '“Please approve”',
  'question-asked': '“Question about your request”',
  'question-answered': '“Your question was answered”',
  'changes-proposed': '“Changes to your request”',
  'changes-confirmed': '“Your changes were confirmed”',
  'changes-declined': '“Your changes were declined”',
  'request-failed': '“Request failed”',
  'request-failed-admin': '“Repair and retry”',
  'request-fulfilled': '“Your VM is ready”',
  'request-rejected': '“Request rejected”',
  'request-expired': '“Your request has expired”',
  'request-settled': '“Settled”',
  'request-cancelled': '“Your request was cancelled”',
  'decommission-approved': '“Approved: decommissioning”',
  'vm-decommissioned': '“Your VM is being decommissioned”',
  'vm-decommission-failed': '“Not decommissioned”',
  'vm-counted-as-removed': '“Your VM counts as removed”',
};

const de: typeof en = {
  'approval-requested': '„Bitte freigeben“',
  'question-asked': '„Rückfrage zu Ihrem Antrag“',
  'question-answered': '„Ihre Rückfrage wurde beantwortet“',
  'changes-proposed': '„Änderungen an Ihrem Antrag“',
  'changes-confirmed': '„Ihre Änderungen wurden bestätigt“',
  'changes-declined': '„Ihre Änderungen wurden abgelehnt“',
  'request-failed': '„Antrag fehlgeschlagen“',
  'request-failed-admin': '„Bitte beheben“',
  'request-fulfilled': '„Ihre VM ist bereit“',
  'request-rejected': '„Antrag abgelehnt“',
  'request-expired': '„Ihr Antrag ist verfallen“',
  'request-settled': '„Erledigt“',
  'request-cancelled': '„Ihr Antrag wurde abgebrochen“',
  'decommission-approved': '„Freigegeben: Stilllegung“',
  'vm-decommissioned': '„Ihre VM wird stillgelegt“',
  'vm-decommission-failed': '„Nicht stillgelegt“',
  'vm-counted-as-removed': '„Ihre VM gilt als entfernt“',
};

export const mailText = { en, de };
