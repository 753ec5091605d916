import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

/** Debian's name first; `EAF_CHROMIUM` names another program. */
const browsers = [
  process.env.EAF_CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = browsers.find(path => path !== '' && existsSync(path));
if (!executablePath) throw new Error('There is no Chromium: install it, or name it in EAF_CHROMIUM.');
if (!process.env.EAF_URL) throw new Error('There is no demo: run `make browser`, or eaf-host/dev/with-demo.');

/** Read every page and change nothing. */
const PAGES = ['**/every-page.spec.ts', '**/layout.spec.ts'];
/** Moves the clock of the whole demo, which never goes back: the last one, and alone. */
const TIME = '**/time.spec.ts';

const output = (project: string) => `../../target/browser/${project}`;

/**
 * No retry: a journey that fails once is broken. Pages are only read, so two workers check them;
 * journeys share people.
 */
export default defineConfig({
  testDir: '.',
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env.EAF_URL,
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin',
    trace: 'retain-on-failure',
    actionTimeout: 30_000,
    launchOptions: {
      executablePath,
      args: [
        '--disable-gpu',
        // The default of 64 MB in containers is too small.
        '--disable-dev-shm-usage',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'pages', testMatch: PAGES, fullyParallel: true, outputDir: output('pages') },
    {
      name: 'journeys',
      testMatch: '**/*.spec.ts',
      testIgnore: [...PAGES, TIME],
      workers: 1,
      outputDir: output('journeys'),
    },
    { name: 'time', testMatch: TIME, workers: 1, outputDir: output('time') },
    { name: 'screens', testMatch: '**/*.screens.ts', workers: 1, outputDir: output('screens') },
    { name: 'figures', testMatch: '**/*.figures.ts', workers: 1, outputDir: output('figures') },
  ],
});
