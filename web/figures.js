// @ts-check
/**
 * What the page counts of a stream: how many, how fast, how evenly. Pure: times go in, numbers come out.
 */

const SECONDS = 60;
const GAPS = 1000;

/** Counts one stream. Times are ms of one clock that never goes back. */
export class Figures {
  #count = 0;
  #skipped = 0;
  #start;
  #last = NaN;
  #sequence = 0;
  /** The last gaps between two arrivals, in a ring. */
  #gaps = /** @type {number[]} */ ([]);
  /** Arrivals by second since the start, in a ring; a slot is cleared when its second begins. */
  #seconds = new Array(SECONDS).fill(0);
  #second = 0;

  /** @param {number} now */
  constructor(now) {
    this.#start = now;
  }

  /**
   * One arrival.
   * @param {number} now
   * @param {number} [sequence] the server's own count, which shows what it left out
   * @returns {number} how many were left out just before this one
   */
  add(now, sequence) {
    if (this.#count) this.#gaps[(this.#count - 1) % GAPS] = now - this.#last;
    this.#last = now;
    this.#count++;
    this.#advance(now);
    this.#seconds[this.#second % SECONDS]++;
    if (sequence === undefined) return 0;
    const skipped = Math.max(0, sequence - this.#sequence - 1);
    this.#sequence = sequence;
    this.#skipped += skipped;
    return skipped;
  }

  /**
   * @param {number} now
   * @returns {{count: number, skipped: number, rate: number, p50: number, p99: number, history: number[]}} rate a
   *   second, over the last whole second, or the time since the start until there is one; gaps in ms, NaN while there
   *   are none; arrivals in each of the last 60 whole seconds, oldest first
   */
  read(now) {
    this.#advance(now);
    const whole = Math.min(this.#second, SECONDS - 1);
    const history = Array.from({length: whole}, (_, i) => this.#seconds[(this.#second - whole + i) % SECONDS]);
    const sorted = [...this.#gaps].sort((a, b) => a - b);
    const quantile = (/** @type {number} */ q) => sorted[Math.ceil(q * sorted.length) - 1] ?? NaN;
    return {
      count: this.#count,
      skipped: this.#skipped,
      rate: history.at(-1) ?? this.#count,
      p50: quantile(0.5),
      p99: quantile(0.99),
      history,
    };
  }

  /** @param {number} now */
  #advance(now) {
    const second = Math.floor((now - this.#start) / 1000);
    // After more than a minute of nothing every slot is stale, and once round clears them all.
    for (let i = Math.max(this.#second + 1, second - SECONDS + 1); i <= second; i++) this.#seconds[i % SECONDS] = 0;
    this.#second = Math.max(this.#second, second);
  }
}
