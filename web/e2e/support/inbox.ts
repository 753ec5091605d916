import { expect } from '@playwright/test';

interface Mail {
  subject: string;
  text: string;
  to: { address: string }[];
}

/** Mails to this address, the oldest first. */
export async function mailsTo(address: string): Promise<Mail[]> {
  const inbox = process.env.EAF_INBOX_URL;
  if (!inbox) throw new Error('EAF_INBOX_URL is missing');
  const answer = await fetch(`${inbox}/api/email`);
  const mails = (await answer.json()) as Mail[];
  return mails.filter(mail => mail.to.some(to => to.address === address));
}

/** Waits for the newest mail to this address whose subject contains `about`. */
export async function mailTo(address: string, about: string, matching: RegExp): Promise<Mail> {
  let found: Mail | undefined;
  await expect(async () => {
    const mails = await mailsTo(address);
    found = mails.findLast(mail => mail.subject.includes(about) && matching.test(mail.text));
    expect(found, `a mail to ${address} about ${about}`).toBeDefined();
  }).toPass({ timeout: 60_000 });
  return found as Mail;
}

/** Link to the product in the mail, which has exactly one. */
export function linkIn(mail: Mail): string {
  const link = /https?:\/\/\S+\/(?:requests|approvals|vms)\/\S+/.exec(mail.text)?.[0];
  if (!link) throw new Error(`no link in: ${mail.text}`);
  return link;
}

/** Link with which an invited person signs in. */
export function invitationIn(mail: Mail): string {
  const link = /https?:\/\/\S+\/auth\/sign-in\?invitation=[^\s>]+/u.exec(mail.text)?.[0];
  if (!link) throw new Error(`no invitation in: ${mail.text}`);
  return link;
}
