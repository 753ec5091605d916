/** Names of the product's roles. */
const en = {
  requester: 'Requester',
  approver: 'Approver',
};

const de: typeof en = {
  requester: 'Antragstellung',
  approver: 'Freigabe',
};

export const roles = { en, de };
