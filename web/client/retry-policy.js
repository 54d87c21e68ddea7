// @ts-check
/**
 * Decides whether a failed request is retried, and after what delay. Pure: no clock, no network.
 *
 *     const policy = retryPolicy({limit: 5}, 'POST');
 *     if (policy.allows(error, attempt, lastEventId)) wait(policy.delay(attempt, error.retryAfter, Math.random()));
 *
 * A request that the server may have processed is retried only if that is safe: the server said so (429 or 503 with
 * Retry-After, which the gateway sends only if the call did not reach an upstream), there is a last event ID to resume
 * from, or the caller declared the request idempotent.
 */

/** @typedef {import('./fetch-event-error.js').FetchEventError} FetchEventError */

/**
 * When to retry a failed request. Unless `idempotent`, it is retried only if that is known to be safe: the server
 * answered 429 or 503 with Retry-After, or a record had an ID, which is sent as Last-Event-ID.
 * @typedef {object} RetryOptions
 * @property {number} [limit] maximum number of consecutive retries; unlimited by default
 * @property {number} [minDelay] ms; default 500
 * @property {number} [maxDelay] ms; default 30,000
 * @property {number} [factor] by which the delay grows with each retry; default 2
 * @property {number} [jitter] the fraction of the delay that is random, 0 to 1; default 1
 * @property {boolean} [idempotent] the request can be repeated safely; default true for GET, else false
 * @property {number[]} [statuses] HTTP statuses to retry; default 408, 429, 500, 502, 503, 504
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
     * @param {number} attempt number of consecutive retries so far
     * @param {string} lastEventId to resume from; '' if there is none
     */
    allows({code, status, rpc, retryAfter = -1}, attempt, lastEventId) {
      if (options === false || attempt >= limit) return false;
      const requested = retryAfter >= 0;
      if (requested && [429, 503].includes(status)) return true;
      if (!idempotent && !lastEventId) return false;
      if (code === 'http') return statuses.includes(status);
      return requested || rpc?.code === UNAVAILABLE || /network|truncated|idle/.test(code);
    },

    /**
     * The delay in ms: `retryAfter` plus exponential backoff with jitter, so that clients that were disconnected
     * together do not reconnect together.
     * @param {number} attempt number of consecutive retries so far
     * @param {number} retryAfter ms requested by the server; 0 if it requested none
     * @param {number} random from 0 to 1
     */
    delay(attempt, retryAfter, random) {
      const backoff = Math.min(maxDelay, minDelay * factor ** (retryAfter ? 0 : attempt));
      return retryAfter + backoff * (1 - jitter * random);
    },
  };
};
