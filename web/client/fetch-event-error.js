// @ts-check
/**
 * The client's error type: one class, distinguished by `code`.
 *
 *     const {error} = await target.closed;
 *     if (error?.code === 'http' && error.status === 401) signIn();
 *     if (error?.rpc) console.log(error.rpc.code, error.rpc.message);
 */

/**
 * A google.rpc.Status.
 * @typedef {object} RpcStatus
 * @property {number} code
 * @property {string} message
 * @property {any[]} [details]
 */

/**
 * - `http`: the response status is not 2xx
 * - `network`: the request failed before a response arrived
 * - `content-type`: the response is not JSON
 * - `parse`: a line is not a valid record
 * - `truncated`: the body stopped without a final record
 * - `line-too-long`: a line exceeds `maxLineLength`
 * - `idle`: no data arrived within `idleTimeout`
 * - `rpc`: the server sent an `{"error"}` record
 * @typedef {'http' | 'network' | 'content-type' | 'parse' | 'truncated' | 'line-too-long' | 'idle' | 'rpc'} ErrorCode
 */

/** Why a request or a stream failed. */
export class FetchEventError extends Error {
  name = 'FetchEventError';
  /** The HTTP status; 0 if there was no response. */
  status = 0;
  /** @type {RpcStatus | undefined} The gRPC status, if the server sent one. */
  rpc;
  /** @type {number | undefined} The minimum delay before a retry that the server requested, in ms. */
  retryAfter;

  /**
   * @param {ErrorCode} code
   * @param {string} message
   * @param {{status?: number, rpc?: RpcStatus, retryAfter?: number, cause?: unknown}} [fields]
   */
  constructor(code, message, fields) {
    super(message, fields);
    this.code = code;
    Object.assign(this, fields);
  }
}

/** @param {string | null} value of a Retry-After header: seconds or an HTTP date */
const retryAfterMs = (value) =>
  value ? Math.max(0, Number(value) * 1000 || Date.parse(value) - Date.now() || 0) : undefined;

/**
 * The error for a response whose status is not 2xx. The gRPC status is taken from the gateway's or grpc-gateway's JSON
 * body, if there is one.
 * @param {Response} response
 * @param {string} body possibly incomplete
 */
export const httpError = ({status, headers}, body) => {
  let rpc;
  try {
    const json = JSON.parse(body);
    rpc = json.error ?? json;
  } catch {
    // Proxies send error pages that are not JSON, and the body may be incomplete: the HTTP status is enough.
  }
  if (!(rpc?.code >= 0)) rpc = undefined;
  const retryAfter = retryAfterMs(headers.get('retry-after'));
  return new FetchEventError('http', rpc?.message || `HTTP ${status}`, {status, rpc, retryAfter});
};

/**
 * The error for an `{"error"}` record. `retryAfter` is taken from its google.rpc.RetryInfo, if it has one.
 * @param {RpcStatus} rpc
 * @param {number} status
 */
export const rpcError = (rpc, status) => {
  const info = rpc.details?.find((detail) => /\.RetryInfo$/.test(detail?.['@type']));
  const retryAfter = info && (parseFloat(info.retryDelay) * 1000 || 0);
  return new FetchEventError('rpc', rpc.message, {status, rpc, retryAfter});
};
