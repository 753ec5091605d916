import { type Browser, type BrowserContext, type Locator, type Page, expect } from '@playwright/test';
import { text as dcm } from '../../src/products/dcm/text';
import { de } from '../../src/shell/i18n/de';
import { en } from '../../src/shell/i18n/en';
import { WIDTHS } from './appearance';
import { type Hand, handOf } from './input-device';
import { textsOf } from './locales';

export type Language = 'de' | 'en';

/** Texts of the shell, with the product's entries in the navigation. */
export const shell = {
  de: { ...de, nav: { ...de.nav, ...dcm.de.nav } },
  en: { ...en, nav: { ...en.nav, ...dcm.en.nav } },
};

/** Titles of commands and labels of settings, as the files of locales have them. */
export const said = { de: hostTexts('de'), en: hostTexts('en') };

function hostTexts(language: Language) {
  const dcm = textsOf(`plugins/dcm/locales/${language}.toml`);
  const vsphere = textsOf(`eaf-host/capabilities/vsphere/src/connection_texts/${language}.toml`);
  return {
    approve: dcm('commands.approve-request'),
    reject: dcm('commands.reject-request'),
    askBack: dcm('commands.ask-back'),
    answer: dcm('commands.answer'),
    revise: dcm('commands.revise-request'),
    propose: dcm('commands.propose-changes'),
    confirm: dcm('commands.confirm-changes'),
    decline: dcm('commands.decline-changes'),
    passOn: dcm('commands.pass-on-decision'),
    reassign: dcm('commands.reassign-stage'),
    publish: dcm('commands.publish-policy'),
    retire: dcm('commands.retire-policy'),
    refresh: dcm('commands.refresh-vm'),
    decommission: dcm('commands.decommission-vm'),
    retry: dcm('commands.retry-request'),
    cancel: dcm('commands.cancel-request'),
    complete: dcm('commands.complete-without-address'),
    longestTerm: dcm('settings.max_term_months.label'),
    leastJustification: dcm('settings.min_justification.label'),
    vcenter: vsphere('name'),
    folder: vsphere('fields.folder.label'),
    datastore: vsphere('fields.datastore.label'),
  };
}

/** Language, input device and window in which a person takes part in a journey. */
export interface Way {
  language: Language;
  by?: 'mouse' | 'keyboard' | 'touch';
  at?: keyof typeof WIDTHS;
}

/** Name of a journey's run. */
export const inWay = ({ language, by = 'mouse', at = 'wide' }: Way) =>
  `in ${language}, by ${by}, at ${WIDTHS[at].width} px`;

/** Person with a browser context of their own. */
export class Person {
  private constructor(
    readonly page: Page,
    readonly account: string,
    public language: Language,
    readonly by: 'mouse' | 'keyboard' | 'touch',
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
    options: Way & {
      path?: string;
      timezoneId?: string;
      newSession?: boolean;
      invitation?: string;
    },
  ) {
    const {
      language,
      by = 'mouse',
      at = 'wide',
      path = '/',
      timezoneId = 'Europe/Berlin',
      newSession = false,
      invitation,
    } = options;
    const context = await browser.newContext({
      locale: language === 'de' ? 'de-DE' : 'en-GB',
      timezoneId,
      viewport: WIDTHS[at],
      hasTouch: by === 'touch',
      isMobile: by === 'touch',
    });
    await context.addInitScript(chosen => localStorage.setItem('eaf.language', chosen), language);
    const signedIn = !newSession && !invitation && (await resume(context, account));
    const page = await context.newPage();
    const hand = handOf(by, page);
    const person = new Person(page, account, language, by, hand);
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

  /** Opens a page through the main navigation, which a narrow window has in a sheet. */
  async open(name: string): Promise<void> {
    await this.openSheet();
    await this.hand.press(
      this.page.getByRole('navigation', { name: this.t.nav.label }).getByRole('link', { name, exact: true }),
    );
    await expect(this.page.getByRole('heading', { level: 1, name })).toBeVisible();
  }

  /** Opens the sheet with the navigation and the account, and returns whether there is one. */
  private async openSheet(): Promise<boolean> {
    const menu = this.button(this.t.nav.open);
    const inSheet = await menu.isVisible();
    if (inSheet) await this.hand.press(menu);
    return inSheet;
  }

  /** Changes the language in the account menu; the page stays, and so does its state. */
  async switchTo(language: Language): Promise<void> {
    const inSheet = await this.openSheet();
    await this.hand.press(this.page.getByRole('button', { name: this.t.account.menu }));
    await this.hand.press(this.page.locator(`[role=menuitemradio][lang=${language}]`));
    await expect(this.page.locator('html')).toHaveAttribute('lang', language);
    this.language = language;
    if (inSheet)
      await this.hand.press(this.dialog(this.t.nav.label).getByRole('button', { name: this.t.close }));
  }

  button(name: string) {
    return this.page.getByRole('button', { name, exact: true });
  }

  dialog(name?: string | RegExp) {
    return this.page.getByRole('dialog', name === undefined ? {} : { name });
  }

  /**
   * Verifies that a card of the inbox shows the approval, if a pointer or the keyboard's focus
   * rests on the list. Otherwise the card leaves the list.
   */
  async seesApproved(card: Locator, shown: string): Promise<void> {
    // An approval is delayed, so that it can be undone.
    const delayed = { timeout: 20_000 };
    if (this.by === 'touch') await expect(card).toBeHidden(delayed);
    else await expect(card).toContainText(shown, delayed);
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
