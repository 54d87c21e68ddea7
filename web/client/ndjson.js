// @ts-check
/**
 * Splits a byte stream into lines of text, for newline-delimited JSON.
 *
 *     const decoder = new LineDecoder();
 *     for await (const chunk of response.body) for (const line of decoder.push(chunk)) use(line);
 *     for (const line of decoder.end()) use(line);
 *
 * The lines do not depend on chunk boundaries. Only LF ends a line (U+2028 is legal in JSON text). A CR before the LF,
 * and spaces or a byte order mark at the start of a line, are removed; lines of only white space are dropped: a server
 * may send them, or single spaces, as heartbeats. Work is linear in the number of bytes, however they are chunked, and
 * memory is bounded by `maxLineLength`.
 */

const LF = 10;
const SPACE = 32;

/**
 * Bytes in, lines out; one decoder per body. An invalid line is returned as an error in its place, so that the lines
 * around it are kept: RangeError if it is too long, TypeError if it is not UTF-8.
 */
export class LineDecoder {
  // Fatal: a replacement character would silently corrupt a record.
  #utf8 = new TextDecoder('utf-8', {fatal: true});
  #buffer = new Uint8Array();
  #length = 0;
  #discarding = false;
  #maxLineLength;

  /** @param {number} [maxLineLength] maximum bytes per line, not counting its LF */
  constructor(maxLineLength = 1 << 20) {
    this.#maxLineLength = maxLineLength;
  }

  /**
   * Decodes the next bytes. The caller may reuse `chunk` afterwards.
   * @param {Uint8Array} chunk
   * @returns {(string | Error)[]} the lines that are now complete
   */
  push(chunk) {
    /** @type {(string | Error)[]} */
    const lines = [];
    let start = 0;
    for (let end; (end = chunk.indexOf(LF, start)) >= 0; start = end + 1) {
      this.#append(chunk.subarray(start, end), lines);
      lines.push(...this.end());
    }
    this.#append(chunk.subarray(start), lines);
    return lines;
  }

  /**
   * Ends the current line: the last line of a body needs no LF.
   * @returns {(string | Error)[]} that line, or nothing if it is blank
   */
  end() {
    const bytes = this.#buffer.subarray(0, this.#length);
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
   * Appends bytes to the current line.
   * @param {Uint8Array} bytes
   * @param {(string | Error)[]} lines receives an error if the line becomes too long
   */
  #append(bytes, lines) {
    if (this.#discarding) return;
    let start = 0;
    // Spaces before a record are heartbeats: buffered, they would add up to a line that is too long.
    if (!this.#length) while (bytes[start] === SPACE) start++;
    const length = this.#length + bytes.length - start;
    if (length > this.#maxLineLength) {
      lines.push(new RangeError(`line exceeds maxLineLength (${this.#maxLineLength} bytes)`));
      this.#length = 0;
      this.#discarding = true;
      return;
    }
    if (length > this.#buffer.length) {
      const old = this.#buffer;
      this.#buffer = new Uint8Array(length * 2);
      this.#buffer.set(old);
    }
    this.#buffer.set(bytes.subarray(start), this.#length);
    this.#length = length;
  }
}
