// @ts-check
/**
 * The page's request as commands for a shell. Pure: values in, text out.
 */

/** Where the gateway serves the stream; grpcurl's name for the same. */
export const PATH = 'v1/ticks:subscribe';
const METHOD = 'penstock.tick.v1.TickService/Subscribe';
// The page cannot know where the service listens; this is where it does by default.
const GRPC_PORT = 50051;

/**
 * @typedef {{message: string, interval: string, count?: number}} TickRequest
 */

/**
 * The request's JSON.
 * @param {string} message
 * @param {number} intervalMs
 * @param {number} count 0: no end
 * @returns {TickRequest}
 */
export const tickRequest = (message, intervalMs, count) => {
  const interval = `${intervalMs / 1000}s`;
  return count > 0 ? {message, interval, count} : {message, interval};
};

/**
 * One word for a POSIX shell: nothing in it is expanded, whatever it holds.
 * @param {string} text
 */
export const shellWord = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** One command over several lines. @param {string[]} words */
const lines = (...words) => words.join(' \\\n  ');

/**
 * @param {TickRequest} request
 * @param {string} page the page's own address
 */
export const curlCommand = (request, page) =>
  lines('curl -N --json', shellWord(JSON.stringify(request)), shellWord(new URL(PATH, page).href));

/**
 * @param {TickRequest} request
 * @param {string} page the page's own address
 */
export const grpcurlCommand = (request, page) => {
  const target = `${new URL(page).hostname}:${GRPC_PORT}`;
  return lines('grpcurl -plaintext -d', shellWord(JSON.stringify(request)), shellWord(target), METHOD);
};
