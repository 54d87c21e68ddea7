// @ts-check
/**
 * Debian's Chromium, and a page that reports everything it has to complain about.
 */
import {createRequire} from 'node:module';

// Not an import: require() also looks where NODE_PATH says, so that screenshot.mjs runs from the tree.
/** @type {typeof import('playwright-core')} */
const {chromium} = createRequire(import.meta.url)('playwright-core');

export const launch = () =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Root has no sandbox, a container little shared memory, and the tests no use for what Chromium does by itself.
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
 * Collects console errors, exceptions and violations of the Content-Security-Policy.
 * @param {import('playwright-core').Page} page
 */
export const complaints = async (page) => {
  /** @type {string[]} */
  const found = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) found.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => found.push(`exception: ${error.message}`));
  await page.exposeFunction('reportViolation', (/** @type {string} */ text) => found.push(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({violatedDirective, blockedURI}) => {
      /** @type {any} */ (globalThis).reportViolation(`${violatedDirective} ${blockedURI}`);
    });
  });
  return found;
};

/**
 * The client as the page has it, for evaluate(). A text, because what runs the tests rewrites import() in functions.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<import('playwright-core').JSHandle<typeof import('../../web/client/fetch-event-target.js')>>}
 */
export const clientModule = (page) => page.evaluateHandle("import('/fetch-event-target.js')");
