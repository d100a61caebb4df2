// The viewer's tools: bar, keys for touch and for combinations that the browser keeps, clipboard.

import keysymdef from '@novnc/novnc/core/input/keysymdef.js';
import { byId, copyText, setText, show } from './dom.js';

/** @typedef {import('./screen.js').Screen} Screen */

const kKeysyms = /** @type {Record<string, number>} */ ({
  Control: 0xffe3, Alt: 0xffe9, Super: 0xffeb, Tab: 0xff09, Escape: 0xff1b, Enter: 0xff0d,
  Backspace: 0xff08, Delete: 0xffff, ArrowLeft: 0xff51, ArrowUp: 0xff52, ArrowRight: 0xff53,
  ArrowDown: 0xff54,
});
const kCodes = /** @type {Record<string, string>} */ ({
  Control: 'ControlLeft', Alt: 'AltLeft', Super: 'MetaLeft',
});
// What the hidden field holds, so that a touch keyboard's Backspace has something to delete.
const kFiller = '__________';
const kHiddenKey = 'howdah-bar-hidden';

export class Deskbar {
  /** @param {Screen} screen */
  constructor(screen) {
    this.screen = screen;
    this.shownText = '';
    this.composing = false;
    this.phone = matchMedia('(max-width: 52rem)').matches;
    this.touch = matchMedia('(pointer: coarse)').matches;
    this.wireBar();
    this.wirePanels();
    this.wireKeys();
    this.wireTyping();
    this.wireClipboard();
  }

  wireBar() {
    let hidden = this.phone;
    try {
      hidden = (sessionStorage.getItem(kHiddenKey) ?? String(this.phone)) === 'true';
    } catch { /* no storage: the default it is */ }
    this.setHidden(hidden, false);
    byId('hide').addEventListener('click', () => this.setHidden(true));
    byId('handle').addEventListener('click', () => this.setHidden(false));
    // In the capture phase on the window: before noVNC, which would send it to the desktop.
    window.addEventListener('keydown', (event) => {
      if (!(event.ctrlKey && event.altKey && event.shiftKey && event.code === 'KeyM')) return;
      event.preventDefault();
      event.stopPropagation();
      if (byId('tools').hasAttribute('hidden')) return;
      const inBar = document.activeElement?.closest('#bar, .panel') ?? null;
      this.setHidden(!byId('bar').hasAttribute('hidden') && inBar !== null);
    }, true);
    for (const id of ['bar', 'keys-panel', 'clipboard-panel']) {
      byId(id).addEventListener('keydown', (event) => {
        if (event.key !== 'Escape') return;
        this.closePanels();
        this.screen.focus();
      });
    }
    byId('bar').addEventListener('keydown', (event) => this.moveInBar(event));
    this.setShrink(this.phone);
    byId('fit').addEventListener('click', () => this.setShrink(this.screen.resize));
    show(byId('full'), document.fullscreenEnabled);
    byId('full').addEventListener('click', () => {
      const done = document.fullscreenElement ? document.exitFullscreen()
        : document.documentElement.requestFullscreen({ navigationUI: 'hide' });
      done.catch(() => {});
    });
    document.addEventListener('fullscreenchange', () => {
      byId('full').setAttribute('aria-pressed', String(document.fullscreenElement !== null));
      if (document.fullscreenElement) this.setHidden(true);
    });
  }

  /** @param {KeyboardEvent} event */
  moveInBar(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const tools = /** @type {HTMLElement[]} */ (
      [...byId('bar').querySelectorAll('.tool:not([hidden])')]);
    const index = tools.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (index < 0) return;
    event.preventDefault();
    tools[(index + step + tools.length) % tools.length]?.focus();
  }

  /**
   * @param {boolean} hidden
   * @param {boolean} [byHand]
   */
  setHidden(hidden, byHand = true) {
    show(byId('bar'), !hidden);
    show(byId('handle'), hidden);
    this.closePanels();
    if (!byHand) return;
    try {
      sessionStorage.setItem(kHiddenKey, String(hidden));
    } catch { /* it is only a convenience */ }
    if (hidden) {
      this.screen.focus();
    } else {
      this.screen.blur();
      /** @type {HTMLElement | null} */ (byId('bar').querySelector('.tool:not([hidden])'))?.focus();
    }
  }

  /** On a last page there is nothing to use the tools on. @param {boolean} alive */
  setAlive(alive) {
    this.closePanels();
    show(byId('tools'), alive);
    show(byId('hide'), alive);
    show(byId('handle'), alive && byId('bar').hasAttribute('hidden'));
  }

  /** @param {boolean} shrink */
  setShrink(shrink) {
    byId('fit').setAttribute('aria-pressed', String(shrink));
    this.screen.setResize(!shrink);
  }

  wirePanels() {
    for (const name of ['keys', 'clipboard']) {
      byId(name).addEventListener('click', () => {
        const open = byId(`${name}-panel`).hasAttribute('hidden');
        this.closePanels();
        show(byId(`${name}-panel`), open);
        byId(name).setAttribute('aria-expanded', String(open));
        if (!open) return;
        this.screen.blur();
        /** @type {HTMLElement | null} */ (
          byId(`${name}-panel`).querySelector('textarea, button'))?.focus();
      });
    }
    byId('stage').addEventListener('pointerdown', () => this.closePanels());
  }

  closePanels() {
    for (const name of ['keys', 'clipboard']) {
      show(byId(`${name}-panel`), false);
      byId(name).setAttribute('aria-expanded', 'false');
    }
  }

  wireKeys() {
    const panel = byId('keys-panel');
    panel.addEventListener('click', (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest('button');
      const { hold, key } = button?.dataset ?? {};
      this.sendTyped();  // it came first
      if (button && hold) {
        const down = button.getAttribute('aria-pressed') !== 'true';
        button.setAttribute('aria-pressed', String(down));
        this.screen.key(kKeysyms[hold] ?? 0, kCodes[hold] ?? '', down);
      } else if (key) {
        this.screen.key(kKeysyms[key] ?? 0, key);
      }
    });
    byId('ctrl-alt-del').addEventListener('click', () => this.screen.ctrlAltDel());
  }

  /** The desktop forgot what was held when the connection was lost. */
  releaseHeld() {
    for (const button of byId('keys-panel').querySelectorAll('[data-hold]')) {
      button.setAttribute('aria-pressed', 'false');
    }
  }

  /** A touch keyboard types into a hidden field; what changes there is sent as keys. */
  wireTyping() {
    const field = byId('typing', HTMLTextAreaElement);
    const button = byId('keyboard');
    show(button, this.touch);
    field.value = kFiller;
    button.addEventListener('click', () => {
      this.sendTyped();
      field.focus();
    });
    field.addEventListener('focus', () => button.setAttribute('aria-pressed', 'true'));
    field.addEventListener('blur', () => button.setAttribute('aria-pressed', 'false'));
    // A word that is being composed may still change. Browsers differ in whether its last change
    // comes before its end or after, so it is sent once both were there.
    field.addEventListener('compositionstart', () => { this.composing = true; });
    field.addEventListener('compositionend', () => {
      this.composing = false;
      setTimeout(() => { if (!this.composing) this.sendTyped(); });
    });
    field.addEventListener('input', (event) => {
      if (!(event instanceof InputEvent && event.isComposing)) this.sendTyped();
    });
    field.addEventListener('keydown', (event) => {
      const keysym = event.key === 'Backspace' || event.key.length === 1 ? 0 : kKeysyms[event.key];
      // 229: the key belongs to what composes; Enter takes a word then, say.
      if (!keysym || event.keyCode === 229) return;
      event.preventDefault();
      this.sendTyped();
      this.screen.key(keysym, event.code);
    });
  }

  /** Sends what the hidden field holds, and fills it anew. */
  sendTyped() {
    const field = byId('typing', HTMLTextAreaElement);
    const text = field.value;
    if (text === kFiller) return;
    this.composing = false;
    field.value = kFiller;
    field.setSelectionRange(kFiller.length, kFiller.length);
    let same = 0;
    while (same < kFiller.length && text[same] === kFiller[same]) ++same;
    for (let gone = same; gone < kFiller.length; ++gone) {
      this.screen.key(kKeysyms['Backspace'] ?? 0, 'Backspace');
    }
    for (const letter of text.slice(same)) {
      if (letter === '\n') this.screen.key(kKeysyms['Enter'] ?? 0, 'Enter');
      else this.screen.key(keysymdef.lookup(letter.codePointAt(0) ?? 0), '');
    }
  }

  wireClipboard() {
    const field = byId('clipboard-text', HTMLTextAreaElement);
    const note = byId('clipboard-note');
    byId('clipboard-send').addEventListener('click', () => {
      this.shownText = field.value;
      this.screen.paste(field.value);
      setText(note, 'The desktop has it. Paste there.');
    });
    byId('clipboard-copy').addEventListener('click', async () => {
      const done = await copyText(field.value);
      setText(note, done ? 'Copied to this machine.' : 'Please copy it from the field.');
    });
    byId('clipboard-allow').addEventListener('click', async () => {
      await this.takeOwnClipboard(true);
      this.showAllow();
    });
    window.addEventListener('focus', () => this.takeOwnClipboard(false));
    byId('stage').addEventListener('pointerenter', () => this.takeOwnClipboard(false));
    this.showAllow();
  }

  async showAllow() {
    show(byId('clipboard-allow'), await clipboardPermission() === 'prompt');
  }

  /** @param {string} text the desktop copied this */
  async fromDesktop(text) {
    this.shownText = text;
    byId('clipboard-text', HTMLTextAreaElement).value = text;
    try {
      if (document.hasFocus()) await navigator.clipboard.writeText(text);
    } catch { /* refused: it stands in the panel */ }
  }

  /** @param {boolean} mayAsk */
  async takeOwnClipboard(mayAsk) {
    if (!this.screen.connected) return;
    if (!mayAsk && await clipboardPermission() !== 'granted') return;
    try {
      const text = await navigator.clipboard.readText();
      if (text === '' || text === this.shownText) return;
      this.shownText = text;
      byId('clipboard-text', HTMLTextAreaElement).value = text;
      this.screen.paste(text);
    } catch { /* refused: the panel is there */ }
  }
}

async function clipboardPermission() {
  try {
    const name = /** @type {PermissionName} */ ('clipboard-read');
    return (await navigator.permissions.query({ name })).state;
  } catch {
    return 'denied';
  }
}
