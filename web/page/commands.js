// @ts-check
/**
 * The page's request as shell commands. Pure.
 */

/** The path of the stream at the gateway, relative to the page. */
export const PATH = 'v1/ticks:subscribe';
const METHOD = 'penstock.tick.v1.TickService/Subscribe';
// The default port of the tick service: the page does not know the configured one.
const GRPC_PORT = 50051;

/**
 * @typedef {{message: string, interval: string, count?: number}} TickRequest
 */

/**
 * The request's JSON.
 * @param {string} message
 * @param {number} intervalMs
 * @param {number} count 0: unlimited
 * @returns {TickRequest}
 */
export const tickRequest = (message, intervalMs, count) => {
  const interval = `${intervalMs / 1000}s`;
  return count > 0 ? {message, interval, count} : {message, interval};
};

/**
 * Quotes a text as one word of a POSIX shell, whatever it contains.
 * @param {string} text
 */
export const shellQuote = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Joins the parts of a command, one per line. @param {string[]} parts */
const joinLines = (...parts) => parts.join(' \\\n  ');

/**
 * @param {TickRequest} request
 * @param {string} page the URL of the page
 */
export const curlCommand = (request, page) =>
  joinLines('curl -N --json', shellQuote(JSON.stringify(request)), shellQuote(new URL(PATH, page).href));

/**
 * @param {TickRequest} request
 * @param {string} page the URL of the page
 */
export const grpcurlCommand = (request, page) => {
  const target = `${new URL(page).hostname}:${GRPC_PORT}`;
  return joinLines('grpcurl -plaintext -d', shellQuote(JSON.stringify(request)), shellQuote(target), METHOD);
};
