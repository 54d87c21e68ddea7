// @ts-check
/**
 * Statistics of a stream: counts, rates and intervals between messages. Pure: the caller passes the time.
 */

const SECONDS = 60;
const INTERVALS = 1000;

/** Statistics of one stream. Times are in ms of one monotonic clock. */
export class Figures {
  #count = 0;
  #bytes = 0;
  #skipped = 0;
  #start;
  #last = NaN;
  #sequence = 0;
  /** The latest intervals between two messages, as a ring buffer. */
  #intervals = /** @type {number[]} */ ([]);
  /** Messages and bytes per second since the start, as ring buffers; a slot is cleared when its second begins. */
  #seconds = new Array(SECONDS).fill(0);
  #secondsBytes = new Array(SECONDS).fill(0);
  #second = 0;

  /** @param {number} now */
  constructor(now) {
    this.#start = now;
  }

  /**
   * Counts one message.
   * @param {number} now
   * @param {number} [sequence] the server's sequence number, which reveals skipped messages
   * @returns {{interval: number, skipped: number}} ms since the previous message, NaN for the first; the number of
   *   messages skipped in between
   */
  add(now, sequence) {
    const interval = now - this.#last;
    if (this.#count) this.#intervals[(this.#count - 1) % INTERVALS] = interval;
    this.#last = now;
    this.#count++;
    this.#advance(now);
    this.#seconds[this.#second % SECONDS]++;
    if (sequence === undefined) return {interval, skipped: 0};
    const skipped = Math.max(0, sequence - this.#sequence - 1);
    this.#sequence = sequence;
    this.#skipped += skipped;
    return {interval, skipped};
  }

  /**
   * Counts bytes received, whether or not they complete a message.
   * @param {number} now
   * @param {number} count
   */
  addBytes(now, count) {
    this.#advance(now);
    this.#bytes += count;
    this.#secondsBytes[this.#second % SECONDS] += count;
  }

  /**
   * @typedef {object} Reading
   * @property {number} count
   * @property {number} bytes
   * @property {number} skipped
   * @property {number} rate messages in the last full second; during the first second, messages so far
   * @property {number} byteRate bytes, likewise
   * @property {number} p50 ms: the median interval between messages; NaN if there is none
   * @property {number} p99 ms
   * @property {number[]} history messages in each of the last full seconds, at most a minute, oldest first
   */

  /**
   * @param {number} now
   * @returns {Reading}
   */
  read(now) {
    this.#advance(now);
    const whole = Math.min(this.#second, SECONDS - 1);
    const lastSecond = (this.#second + SECONDS - 1) % SECONDS;
    const history = Array.from({length: whole}, (_, i) => this.#seconds[(this.#second - whole + i) % SECONDS]);
    const sorted = [...this.#intervals].sort((a, b) => a - b);
    const quantile = (/** @type {number} */ q) => sorted[Math.ceil(q * sorted.length) - 1] ?? NaN;
    return {
      count: this.#count,
      bytes: this.#bytes,
      skipped: this.#skipped,
      rate: history.at(-1) ?? this.#count,
      byteRate: whole ? this.#secondsBytes[lastSecond] : this.#bytes,
      p50: quantile(0.5),
      p99: quantile(0.99),
      history,
    };
  }

  /** @param {number} now */
  #advance(now) {
    const second = Math.floor((now - this.#start) / 1000);
    // After more than a minute without calls every slot is stale: one round clears them all.
    for (let i = Math.max(this.#second + 1, second - SECONDS + 1); i <= second; i++) {
      this.#seconds[i % SECONDS] = 0;
      this.#secondsBytes[i % SECONDS] = 0;
    }
    this.#second = Math.max(this.#second, second);
  }
}
