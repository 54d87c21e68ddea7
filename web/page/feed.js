// @ts-check
/**
 * A list that shows the newest of a stream, at one cost whatever its speed: it changes once a frame, and holds so many
 * rows at most.
 *
 *     const feed = new Feed(list, (tick) => rowOf(tick));
 *     feed.push(tick);          // appears in the next frame
 *     feed.paused = true;       // nothing appears until it is false again; then the newest do
 *
 * The list follows what comes while its end is in view. A list that is hidden is not drawn.
 */

const MAX_ROWS = 500;
// Within this of its end the list follows.
const FOLLOW_PX = 48;

/** @template T */
export class Feed {
  #list;
  #toRow;
  /** @type {T[]} What has come since the last frame; only what the list can hold is kept. */
  #pending = [];
  #frame = 0;
  #paused = false;
  #follows = true;
  /** @type {((follows: boolean) => void) | undefined} Told when the list begins or ceases to follow. */
  onFollow;

  /**
   * @param {HTMLElement} list
   * @param {(item: T) => HTMLElement} toRow
   */
  constructor(list, toRow) {
    this.#list = list;
    this.#toRow = toRow;
    list.addEventListener('scroll', () => this.#setFollows(this.#isAtEnd()), {passive: true});
    // An error told above the list makes it smaller, without a scroll.
    new ResizeObserver(() => {
      if (this.#follows) list.scrollTop = list.scrollHeight;
    }).observe(list);
  }

  /** @param {T} item */
  push(item) {
    this.#pending.push(item);
    if (this.#pending.length > MAX_ROWS) this.#pending.shift();
    this.#drawSoon();
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

  /** Goes to the newest, and follows again. */
  follow() {
    this.#setFollows(true);
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** @param {boolean} paused */
  set paused(paused) {
    this.#paused = paused;
    this.#drawSoon();
  }

  /** @param {boolean} shown */
  set shown(shown) {
    this.#list.hidden = !shown;
    this.#drawSoon();
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

  #drawSoon() {
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
