// @ts-check
/**
 * Whether a failed request is sent again, and after how long. Pure: it knows neither clock nor network.
 *
 *     const policy = retryPolicy({limit: 5}, 'POST');
 *     if (policy.allows(error, attempt, lastEventId)) wait(policy.delay(attempt, error.retryAfter, Math.random()));
 *
 * A request that may have been acted on is not sent twice by itself. It is safe to where the server said so (429 or 503
 * with Retry-After, which the gateway sends only where no upstream saw the call), where there is a last id to resume
 * from, and where the caller says that it is idempotent.
 */

/** @typedef {import('./fetch-event-error.js').FetchEventError} FetchEventError */

/**
 * When a failed request is sent again. Without `idempotent` only where it is known to be safe: the server answered 429
 * or 503 with Retry-After, or a record had an id, which goes back as Last-Event-ID.
 * @typedef {object} RetryOptions
 * @property {number} [limit] most retries in a row; no limit by default
 * @property {number} [minDelay] ms; 500
 * @property {number} [maxDelay] ms; 30,000
 * @property {number} [factor] growth of the delay from one retry to the next; 2
 * @property {number} [jitter] the part of the delay that is drawn by lot, 0 to 1; 1
 * @property {boolean} [idempotent] sending the request twice does no harm; true for GET
 * @property {number[]} [statuses] that are worth another try; 408, 429, 500, 502, 503, 504
 */

const UNAVAILABLE = 14;

/**
 * @param {RetryOptions | false | undefined} options
 * @param {string | undefined} method
 */
export const retryPolicy = (options, method) => {
  const {
    limit = Infinity,
    minDelay = 500,
    maxDelay = 30000,
    factor = 2,
    jitter = 1,
    idempotent = /^get$/i.test(`${method}`),
    statuses = [408, 429, 500, 502, 503, 504],
  } = options || {};

  return {
    /**
     * @param {FetchEventError} error
     * @param {number} attempt retries in a row so far
     * @param {string} lastEventId to resume from; '' if there is none
     */
    allows({code, status, rpc, retryAfter = -1}, attempt, lastEventId) {
      if (options === false || attempt >= limit) return false;
      const asked = retryAfter >= 0;
      if (asked && [429, 503].includes(status)) return true;
      if (!idempotent && !lastEventId) return false;
      if (code === 'http') return statuses.includes(status);
      return asked || rpc?.code === UNAVAILABLE || /network|truncated|idle/.test(code);
    },

    /**
     * ms: what the server asks and, on top, a delay that grows and is drawn by lot, so that clients that were cut
     * together do not come back together.
     * @param {number} attempt retries in a row so far
     * @param {number} retryAfter ms that the server asks for; 0 if it does not
     * @param {number} lot from 0 to 1
     */
    delay(attempt, retryAfter, lot) {
      const range = minDelay * factor ** (retryAfter ? 0 : attempt);
      return retryAfter + Math.min(maxDelay, range) * (1 - jitter * lot);
    },
  };
};
