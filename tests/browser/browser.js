// @ts-check
/**
 * Launches Debian's Chromium and collects the problems that a page reports.
 */
import {createRequire} from 'node:module';

// Not an import: require() also searches NODE_PATH, so that screenshots.mjs runs from the source tree.
/** @type {typeof import('playwright-core')} */
const {chromium} = createRequire(import.meta.url)('playwright-core');

export const launch = () =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    // No sandbox as root, little shared memory in containers, and no background activity.
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/**
 * Collects console errors and warnings, exceptions and Content-Security-Policy violations.
 * @param {import('playwright-core').Page} page
 */
export const collectProblems = async (page) => {
  /** @type {string[]} */
  const problems = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  await page.exposeFunction('reportViolation', (/** @type {string} */ text) => problems.push(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({violatedDirective, blockedURI}) => {
      /** @type {any} */ (globalThis).reportViolation(`${violatedDirective} ${blockedURI}`);
    });
  });
  return problems;
};

/**
 * The client module that the page loaded, for evaluate(). The import() is in a string because Vitest rewrites it in
 * functions.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<import('playwright-core').JSHandle<typeof import('../../web/client/fetch-event-target.js')>>}
 */
export const clientModule = (page) => page.evaluateHandle("import('/fetch-event-target.js')");
