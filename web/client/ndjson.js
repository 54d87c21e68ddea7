// @ts-check
/**
 * Cuts a stream of bytes into lines of text, for JSON records one a line.
 *
 *     const decoder = new LineDecoder();
 *     for await (const chunk of response.body) for (const line of decoder.push(chunk)) use(line);
 *     for (const line of decoder.end()) use(line);
 *
 * Lines come out the same however the bytes were cut. Only LF ends a line (U+2028 is legal inside JSON text); one CR
 * before it is dropped, and so are spaces or a byte order mark at its start and lines of nothing but white space: a
 * server may send those, or single spaces, to show that it is alive. Work is linear in the bytes, whatever the cuts,
 * and the memory held is bounded by `maxLineLength`.
 */

const LF = 10;
const SPACE = 32;

/**
 * Bytes in, lines out. One for each body. A line that is no text comes as an error in its place, so that those around
 * it are not lost with it: RangeError where it is too long, TypeError where it is not UTF-8.
 */
export class LineDecoder {
  // Fatal: a replacement character in a record would be silent corruption.
  #utf8 = new TextDecoder('utf-8', {fatal: true});
  #held = new Uint8Array();
  #length = 0;
  #discarding = false;
  #maxLineLength;

  /** @param {number} [maxLineLength] most bytes of one line, its LF not counted */
  constructor(maxLineLength = 1 << 20) {
    this.#maxLineLength = maxLineLength;
  }

  /**
   * Takes the next bytes; they may be reused afterwards.
   * @param {Uint8Array} chunk
   * @returns {(string | Error)[]} the lines that ended in it
   */
  push(chunk) {
    /** @type {(string | Error)[]} */
    const lines = [];
    let start = 0;
    for (let end; (end = chunk.indexOf(LF, start)) >= 0; start = end + 1) {
      this.#hold(chunk.subarray(start, end), lines);
      lines.push(...this.end());
    }
    this.#hold(chunk.subarray(start), lines);
    return lines;
  }

  /**
   * Ends the line under way: the last one of a body needs no LF.
   * @returns {(string | Error)[]} that line, or nothing
   */
  end() {
    const bytes = this.#held.subarray(0, this.#length);
    this.#length = 0;
    this.#discarding = false;
    try {
      const line = this.#utf8.decode(bytes).replace(/\r$/, '');
      return /[^ \t\r]/.test(line) ? [line] : [];
    } catch (error) {
      return [/** @type {TypeError} */ (error)];
    }
  }

  /**
   * Adds bytes to the line under way.
   * @param {Uint8Array} bytes
   * @param {(string | Error)[]} lines
   */
  #hold(bytes, lines) {
    if (this.#discarding) return;
    let start = 0;
    // Spaces before a record are heartbeats; held, those of a quiet year would be a line that is too long.
    if (!this.#length) while (bytes[start] === SPACE) start++;
    const length = this.#length + bytes.length - start;
    if (length > this.#maxLineLength) {
      lines.push(new RangeError(`line over ${this.#maxLineLength} bytes`));
      this.#length = 0;
      this.#discarding = true;
      return;
    }
    if (length > this.#held.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(this.#held);
      this.#held = grown;
    }
    this.#held.set(bytes.subarray(start), this.#length);
    this.#length = length;
  }
}
