// @ts-check
/**
 * What the page counts of a stream: how many, how fast, how evenly. Pure: times go in, numbers come out.
 */

const SECONDS = 60;
const GAPS = 1000;

/** Counts one stream. Times are ms of one clock that never goes back. */
export class Figures {
  #count = 0;
  #bytes = 0;
  #skipped = 0;
  #start;
  #last = NaN;
  #sequence = 0;
  /** The last gaps between two arrivals, in a ring. */
  #gaps = /** @type {number[]} */ ([]);
  /** Arrivals and bytes by second since the start, in rings; a slot is cleared when its second begins. */
  #seconds = new Array(SECONDS).fill(0);
  #secondsBytes = new Array(SECONDS).fill(0);
  #second = 0;

  /** @param {number} now */
  constructor(now) {
    this.#start = now;
  }

  /**
   * One arrival.
   * @param {number} now
   * @param {number} [sequence] the server's own count, which shows what it left out
   * @returns {{gap: number, skipped: number}} ms since the one before, NaN for the first; how many were left out in
   *   between
   */
  add(now, sequence) {
    const gap = now - this.#last;
    if (this.#count) this.#gaps[(this.#count - 1) % GAPS] = gap;
    this.#last = now;
    this.#count++;
    this.#advance(now);
    this.#seconds[this.#second % SECONDS]++;
    if (sequence === undefined) return {gap, skipped: 0};
    const skipped = Math.max(0, sequence - this.#sequence - 1);
    this.#sequence = sequence;
    this.#skipped += skipped;
    return {gap, skipped};
  }

  /**
   * What came over the network, whether or not it was a whole message.
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
   * @property {number} rate messages in the last whole second, or since the start until there is one
   * @property {number} byteRate bytes, likewise
   * @property {number} p50 ms: the median of the gaps between arrivals; NaN while there are none
   * @property {number} p99 ms
   * @property {number[]} history arrivals in each of the last whole seconds, a minute at most, oldest first
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
    const sorted = [...this.#gaps].sort((a, b) => a - b);
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
    // After more than a minute of nothing every slot is stale, and once round clears them all.
    for (let i = Math.max(this.#second + 1, second - SECONDS + 1); i <= second; i++) {
      this.#seconds[i % SECONDS] = 0;
      this.#secondsBytes[i % SECONDS] = 0;
    }
    this.#second = Math.max(this.#second, second);
  }
}
