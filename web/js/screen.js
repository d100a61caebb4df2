// One desktop's screen over one WebSocket after another: connects, tells how it ended, and comes
// back by itself until it is told a reason. Knows noVNC, and nothing of pages.

import RFB from '@novnc/novnc/core/rfb.js';
import { get, Problem } from './api.js';

/** Why a screen was closed for good; the numbers are those of docs/HTTP_API.md. */
export const kReasons = /** @type {Record<number, string>} */ ({
  4001: 'taken_over', 4002: 'ended', 4003: 'replaced', 4004: 'revoked', 4005: 'left',
});

const kBackoffFirstMs = 300;
const kBackoffMaxMs = 2000;
const kOpenWithinMs = 8000;
// A page that slept for longer than this may have been replaced by the person's other device.
// Browsers let a page in the background tick once a minute: that is no sleep.
const kSleptMs = 150_000;
const kTickMs = 5000;

export class Screen {
  /**
   * @param {HTMLElement} target
   * @param {object} on
   * @param {() => void} on.connected
   * @param {(why: string) => void} on.trying it is not connected, and tries
   * @param {(reason: string) => void} on.closed it is over; nothing is tried any more
   * @param {() => void} on.busy another tab has it: somebody must decide
   * @param {(text: string) => void} on.clipboard
   * @param {(canvas: HTMLCanvasElement) => void} on.freeze the last picture, before it goes away
   */
  constructor(target, on) {
    this.target = target;
    this.on = on;
    /** @type {RFB | null} */
    this.rfb = null;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.stopped = true;  // nothing is tried
    this.told = false;    // it was said why it is over
    this.failures = 0;
    this.wasConnected = false;
    this.resize = true;
    this.slept = false;
    this.tickedAt = Date.now();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    setInterval(() => this.tick(), kTickMs);
    window.addEventListener('online', () => this.hurry());
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.hurry(); });
  }

  tick() {
    const now = Date.now();
    if (now - this.tickedAt > kSleptMs + kTickMs) this.slept = true;
    this.tickedAt = now;
  }

  /** @param {boolean} takeOver close other tabs first */
  open(takeOver) {
    this.stopped = false;
    this.told = false;
    this.connect(takeOver);
  }

  /** Also before it was opened, and while another tab has it. @param {string} reason */
  close(reason) {
    if (this.told) return;
    this.stopped = true;
    clearTimeout(this.timer);
    this.drop();
    this.tell(reason);
  }

  /** @param {string} reason */
  tell(reason) {
    this.stopped = true;
    this.told = true;
    this.on.closed(reason);
  }

  drop() {
    const { rfb, socket } = this;
    this.rfb = null;
    this.socket = null;
    if (rfb) rfb.disconnect();
    else socket?.close();
  }

  /** @param {boolean} takeOver */
  connect(takeOver) {
    if (this.stopped) return;
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const query = takeOver ? '?take_over=1' : '';
    const socket = new WebSocket(`${scheme}//${location.host}/screen${query}`, ['binary']);
    this.socket = socket;
    const late = setTimeout(() => this.over(socket, 0), kOpenWithinMs);
    // Before noVNC listens: it removes the picture when the socket closes.
    socket.addEventListener('close', (event) => {
      clearTimeout(late);
      const canvas = this.target.querySelector('canvas');
      if (canvas && this.socket === socket) this.on.freeze(canvas);
      this.over(socket, event.code);
    });
    const rfb = new RFB(this.target, socket, { shared: true });
    this.rfb = rfb;
    rfb.background = 'transparent';
    this.applySize();
    rfb.addEventListener('connect', () => {
      clearTimeout(late);
      if (this.socket !== socket) return;
      this.failures = 0;
      this.wasConnected = true;
      this.slept = false;
      this.on.connected();
      rfb.focus();
    });
    rfb.addEventListener('clipboard', (event) => this.on.clipboard(event.detail.text));
    // A handshake that fails leaves the socket open in some cases: it must not linger.
    rfb.addEventListener('disconnect', () => socket.close());
  }

  /**
   * The socket is gone, or took too long.
   * @param {WebSocket} socket
   * @param {number} code
   */
  over(socket, code) {
    if (this.socket !== socket) return;
    this.socket = null;
    const rfb = this.rfb;
    this.rfb = null;
    if (socket.readyState < WebSocket.CLOSING) rfb?.disconnect();
    if (this.stopped) return;
    const reason = kReasons[code];
    if (reason) this.tell(reason);
    else this.again();
  }

  again() {
    this.on.trying(this.wasConnected ? 'lost' : 'first');
    const wait = Math.min(kBackoffMaxMs, kBackoffFirstMs * 2 ** this.failures);
    this.failures += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), wait);
  }

  /** Asks first: a refusal has a reason that a socket can't tell. */
  async look() {
    try {
      /** @type {import('./types.js').Desk} */
      const desk = await get('/v1/desk');
      if (this.stopped || this.socket) return;
      const others = desk.connected > 0;
      // The open screen may well be this tab's own, which the server has not missed yet. It is
      // taken back without a question, unless this page slept or never had it.
      if (others && (!this.wasConnected || this.slept)) {
        this.stopped = true;
        this.on.busy();
        return;
      }
      this.connect(others);
    } catch (error) {
      if (this.stopped || this.socket) return;
      if (error instanceof Problem && !error.passing) this.tell('refused');
      else this.again();
    }
  }

  /** The network came back: no reason to wait for the next try. */
  hurry() {
    if (this.stopped || this.socket) return;
    this.failures = 0;
    clearTimeout(this.timer);
    this.look();
  }

  /** @param {boolean} resize the desktop takes the window's size; else the picture is shrunk */
  setResize(resize) {
    this.resize = resize;
    this.applySize();
  }

  applySize() {
    if (!this.rfb) return;
    this.rfb.scaleViewport = true;
    this.rfb.resizeSession = this.resize;
  }

  get connected() {
    return this.rfb !== null && this.socket?.readyState === WebSocket.OPEN;
  }

  focus() { this.rfb?.focus(); }
  blur() { this.rfb?.blur(); }

  /** @param {string} text */
  paste(text) { if (this.connected) this.rfb?.clipboardPasteFrom(text); }

  ctrlAltDel() { this.rfb?.sendCtrlAltDel(); }

  /**
   * @param {number} keysym
   * @param {string} code the physical key, or '' when there is none
   * @param {boolean} [down] both when left out
   */
  key(keysym, code, down) {
    this.rfb?.sendKey(keysym, code, down);
  }
}
