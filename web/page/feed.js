// @ts-check
/**
 * A list of the latest items of a stream, at a cost independent of the stream's rate: it is updated once per frame and
 * has a maximum number of rows.
 *
 *     const feed = new Feed(list, (tick) => rowOf(tick));
 *     feed.push(tick);          // shown in the next frame
 *     feed.paused = true;       // items are buffered until it is false again; then the latest are shown
 *
 * The list scrolls with new items while its end is in view. A hidden list is not rendered.
 */

const MAX_ROWS = 500;
// The list follows new items while it is scrolled to within this distance of its end.
const FOLLOW_PX = 48;

/** @template T */
export class Feed {
  #list;
  #toRow;
  /** @type {T[]} Items since the last frame, at most as many as the list can show. */
  #pending = [];
  #frame = 0;
  #paused = false;
  #follows = true;
  /** @type {((follows: boolean) => void) | undefined} Called when the list starts or stops following. */
  onFollow;

  /**
   * @param {HTMLElement} list
   * @param {(item: T) => HTMLElement} toRow
   */
  constructor(list, toRow) {
    this.#list = list;
    this.#toRow = toRow;
    list.addEventListener('scroll', () => this.#setFollows(this.#isAtEnd()), {passive: true});
    // An error shown above the list resizes it without a scroll event.
    new ResizeObserver(() => {
      if (this.#follows) list.scrollTop = list.scrollHeight;
    }).observe(list);
  }

  /** @param {T} item */
  push(item) {
    this.#pending.push(item);
    if (this.#pending.length > MAX_ROWS) this.#pending.shift();
    this.#scheduleDraw();
  }

  clear() {
    this.#pending = [];
    this.#list.replaceChildren();
    this.#setFollows(true);
  }

  get isEmpty() {
    return !this.#list.hasChildNodes() && !this.#pending.length;
  }

  get follows() {
    return this.#follows;
  }

  /** Scrolls to the latest item and follows again. */
  follow() {
    this.#setFollows(true);
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** @param {boolean} paused */
  set paused(paused) {
    this.#paused = paused;
    this.#scheduleDraw();
  }

  /** @param {boolean} shown */
  set shown(shown) {
    this.#list.hidden = !shown;
    this.#scheduleDraw();
  }

  #isAtEnd() {
    const {scrollHeight, scrollTop, clientHeight} = this.#list;
    return scrollHeight - scrollTop - clientHeight < FOLLOW_PX;
  }

  /** @param {boolean} follows */
  #setFollows(follows) {
    if (follows === this.#follows) return;
    this.#follows = follows;
    this.onFollow?.(follows);
  }

  #scheduleDraw() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    if (this.#paused || this.#list.hidden) return;
    const list = this.#list;
    const rows = document.createDocumentFragment();
    for (const item of this.#pending) rows.append(this.#toRow(item));
    const rowCount = list.childElementCount;
    const surplus = rowCount + this.#pending.length - MAX_ROWS;
    if (surplus >= rowCount) list.replaceChildren();
    else for (let i = 0; i < surplus; i++) list.firstElementChild?.remove();
    this.#pending = [];
    list.append(rows);
    if (this.#follows) list.scrollTop = list.scrollHeight;
  }
}
