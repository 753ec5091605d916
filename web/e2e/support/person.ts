import { type Browser, type BrowserContext, type Page, expect } from '@playwright/test';
import { text as dcm } from '../../src/products/dcm/text';
import { de } from '../../src/shell/i18n/de';
import { en } from '../../src/shell/i18n/en';
import { type Hand, keyboard, mouse } from './input-device';

export type Language = 'de' | 'en';

/** Texts of the shell, with the product's entries in the navigation. */
export const shell = {
  de: { ...de, nav: { ...de.nav, ...dcm.de.nav } },
  en: { ...en, nav: { ...en.nav, ...dcm.en.nav } },
};

/** Texts of the host and its products, from capabilities and plugins/dcm/locales. */
export const said = {
  de: {
    approve: 'Freigeben',
    reject: 'Ablehnen',
    askBack: 'Rückfrage stellen',
    answer: 'Antworten',
    revise: 'Antrag ändern',
    propose: 'Mit Änderungen freigeben',
    confirm: 'Änderungen bestätigen',
    decline: 'Änderungen ablehnen',
    passOn: 'Weitergeben',
    reassign: 'Neu zuweisen',
    refresh: 'Aktualisieren',
    decommission: 'Stilllegen',
    retry: 'Wiederholen',
    cancel: 'Antrag abbrechen',
    complete: 'Ohne Adresse übergeben',
    vcenter: 'vCenter',
    folder: 'Ordner',
    datastore: 'Datenspeicher',
    longestTerm: 'Längste Laufzeit',
    leastJustification: 'Mindestlänge der Begründung',
  },
  en: {
    approve: 'Approve',
    reject: 'Reject',
    askBack: 'Ask back',
    answer: 'Answer',
    revise: 'Change request',
    propose: 'Approve with changes',
    confirm: 'Confirm changes',
    decline: 'Decline changes',
    passOn: 'Pass on',
    reassign: 'Reassign',
    refresh: 'Refresh',
    decommission: 'Decommission',
    retry: 'Retry',
    cancel: 'Cancel request',
    complete: 'Complete without address',
    vcenter: 'vCenter',
    folder: 'Folder',
    datastore: 'Datastore',
    longestTerm: 'Longest term',
    leastJustification: 'Least length of a justification',
  },
};

/** Person with a browser context of their own. */
export class Person {
  private constructor(
    readonly page: Page,
    readonly account: string,
    public language: Language,
    readonly hand: Hand,
  ) {}

  /**
   * Opens `path` with the session of an earlier journey of this account, if it is still valid.
   * Otherwise, and with `newSession`, it opens the path like a link in a mail, signs in on the way,
   * and ends at that path.
   */
  static async signIn(
    browser: Browser,
    account: string,
    options: {
      language: Language;
      by?: 'mouse' | 'keyboard';
      path?: string;
      timezoneId?: string;
      newSession?: boolean;
      invitation?: string;
    },
  ) {
    const {
      language,
      by = 'mouse',
      path = '/',
      timezoneId = 'Europe/Berlin',
      newSession = false,
      invitation,
    } = options;
    const context = await browser.newContext({ locale: language === 'de' ? 'de-DE' : 'en-GB', timezoneId });
    await context.addInitScript(chosen => localStorage.setItem('eaf.language', chosen), language);
    const signedIn = !newSession && !invitation && (await resume(context, account));
    const page = await context.newPage();
    const hand = by === 'mouse' ? mouse() : keyboard(page);
    const person = new Person(page, account, language, hand);
    await page.goto(invitation ?? path);
    if (!signedIn) {
      if (!invitation) await hand.press(page.getByRole('link', { name: shell[language].signIn.action }));
      await hand.press(page.getByRole('link', { name: account }));
    }
    await expect(page).toHaveURL(url => url.pathname + url.search === path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    if (!signedIn) sessions.set(account, await sessionOf(context));
    return person;
  }

  get t() {
    return shell[this.language];
  }

  /** Texts of one area in this person's language. */
  words<T>(text: Record<Language, T>): T {
    return text[this.language];
  }

  /** Opens a page through the main navigation. */
  async open(name: string): Promise<void> {
    await this.hand.press(
      this.page.getByRole('navigation', { name: this.t.nav.label }).getByRole('link', { name, exact: true }),
    );
    await expect(this.page.getByRole('heading', { level: 1, name })).toBeVisible();
  }

  /** Changes the language in the account menu; the page stays, and so does its state. */
  async switchTo(language: Language): Promise<void> {
    await this.hand.press(this.page.getByRole('button', { name: this.t.account.menu }));
    await this.hand.press(this.page.locator(`[role=menuitemradio][lang=${language}]`));
    await expect(this.page.locator('html')).toHaveAttribute('lang', language);
    this.language = language;
  }

  button(name: string) {
    return this.page.getByRole('button', { name, exact: true });
  }

  dialog(name?: string | RegExp) {
    return this.page.getByRole('dialog', name === undefined ? {} : { name });
  }

  async leave(): Promise<void> {
    await this.page.context().close();
  }
}

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>;

/** Sessions of this run, by account. */
const sessions = new Map<string, Cookies>();

/** Gives the account's last session to the context, and returns whether it is still valid. */
async function resume(context: BrowserContext, account: string): Promise<boolean> {
  const cookies = sessions.get(account);
  if (!cookies) return false;
  await context.addCookies(cookies);
  if ((await context.request.get('/api/session')).ok()) return true;
  await context.clearCookies();
  return false;
}

/** The host's cookie alone: the session at the identity provider is not reused. */
async function sessionOf(context: BrowserContext): Promise<Cookies> {
  return (await context.cookies()).filter(({ name }) => name.endsWith('eaf-session'));
}
