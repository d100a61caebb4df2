// Keeps a page up to date: server-sent events while the page is looked at and the stream works,
// polling otherwise. A browser gives one host few connections, so a page in the background gives
// its stream back and asks now and then instead.

import { get, Problem } from './api.js';

const kPollMs = 2000;
const kPollHiddenMs = 5000;
// Beside an open stream: finds one that died without a word.
const kPollStreamingMs = 20_000;
const kStreamRetryMs = 3000;
const kLostAfterFailures = 2;

export class Live {
  /**
   * @param {object} options
   * @param {string} options.events path of the stream
   * @param {string} options.status path to poll
   * @param {(data: any) => void} options.onData
   * @param {(lost: boolean) => void} options.onLost
   * @param {(problem: Problem) => void} options.onRefused the server said no: not followed further
   */
  constructor(options) {
    this.options = options;
    /** @type {EventSource | null} */
    this.stream = null;
    this.failures = 0;
    this.lost = false;
    this.closed = true;
    this.polling = false;
    this.events = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.streamTimer = undefined;
    this.onVisibility = () => this.arrange();
  }

  start() {
    if (!this.closed) return;
    this.closed = false;
    document.addEventListener('visibilitychange', this.onVisibility);
    this.arrange();
  }

  stop() {
    this.closed = true;
    document.removeEventListener('visibilitychange', this.onVisibility);
    clearTimeout(this.timer);
    this.dropStream();
  }

  /** Asks now, whatever the stream does. */
  async poll() {
    if (this.closed || this.polling) return;
    this.polling = true;
    clearTimeout(this.timer);
    const eventsBefore = this.events;
    try {
      const data = await get(this.options.status);
      if (this.closed) return;
      this.heard();
      // An event that came meanwhile is at least as new as this answer.
      if (this.events === eventsBefore) this.options.onData(data);
    } catch (error) {
      if (this.closed) return;
      if (error instanceof Problem && !error.passing) {
        this.stop();
        this.options.onRefused(error);
        return;
      }
      this.missed();
    } finally {
      this.polling = false;
    }
    this.plan();
  }

  arrange() {
    if (this.closed) return;
    if (document.hidden) this.dropStream();
    else this.openStream();
    this.poll();
  }

  plan() {
    clearTimeout(this.timer);
    if (this.closed) return;
    const streaming = this.stream?.readyState === EventSource.OPEN;
    const wait = document.hidden ? kPollHiddenMs : streaming ? kPollStreamingMs : kPollMs;
    this.timer = setTimeout(() => this.poll(), wait);
  }

  openStream() {
    if (this.closed || this.stream) return;
    clearTimeout(this.streamTimer);
    const stream = new EventSource(this.options.events);
    this.stream = stream;
    stream.addEventListener('open', () => this.heard());
    stream.addEventListener('status', (event) => {
      if (this.closed || this.stream !== stream) return;
      this.heard();
      this.events += 1;
      this.options.onData(JSON.parse(event.data));
    });
    stream.addEventListener('error', () => {
      if (this.stream !== stream) return;
      // The stream's own retry says nothing about why: ask, which also tells a refusal from a gap.
      this.dropStream();
      this.streamTimer = setTimeout(() => { if (!document.hidden) this.openStream(); },
        kStreamRetryMs);
      this.poll();
    });
  }

  dropStream() {
    clearTimeout(this.streamTimer);
    this.stream?.close();
    this.stream = null;
  }

  heard() {
    this.failures = 0;
    if (this.lost) this.options.onLost(this.lost = false);
  }

  missed() {
    this.failures += 1;
    if (!this.lost && this.failures >= kLostAfterFailures) this.options.onLost(this.lost = true);
  }
}
