// @ts-check
/**
 * Cuts a stream of bytes into lines of text.
 * @module
 */
