// Working on a desktop: size, keys of any keyboard, clipboard both ways, time left, a phone.

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { closeBrowser, enter, greenPart, inside, openLink, profile, terminal, until, withServer }
  from './world.mjs';

after(closeBrowser);

const kGreen = "printf '\\033]11;#00ff00\\007'";

/** @param {import('./world.mjs').Page} page */
async function focusTerminal(page) {
  await terminal(page);
  await page.locator('#screen canvas').click({ position: { x: 300, y: 300 } });
}

/**
 * @param {import('./world.mjs').Page} page
 * @param {number} part of the screen; the first size of a desktop is larger than a phone's
 */
const becomesGreen = (page, part = 0.5) =>
  until('the terminal turns green', async () => await greenPart(page) > part);

/**
 * Presses Enter, and looks: the desktop fetches what is pasted, so an Enter may come before it.
 * @param {import('./world.mjs').Page} page
 * @param {(part: number) => boolean} good
 */
async function runs(page, good) {
  await page.keyboard.press('Enter');
  return good(await greenPart(page));
}

test('the desktop takes the size of the window, and keeps it when shrinking is asked for', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const page = await openLink(await profile(), meeting, 0);
    await enter(page);
    const sizes = () => page.evaluate(() => {
      const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('#screen canvas'));
      const stage = /** @type {HTMLElement} */ (document.getElementById('stage'));
      return {
        canvas: [canvas.width, canvas.height], stage: [stage.clientWidth, stage.clientHeight],
      };
    });
    const fits = async () => {
      const { canvas, stage } = await sizes();
      return String(canvas) === String(stage);
    };
    await until('the desktop has the size of the window', fits);
    await page.setViewportSize({ width: 900, height: 640 });
    await until('the desktop followed the window', fits);
    const before = (await sizes()).canvas;
    await page.locator('#fit').click();
    await page.setViewportSize({ width: 700, height: 500 });
    await until('the picture fits', () => page.evaluate(() => {
      const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('#screen canvas'));
      return canvas.getBoundingClientRect().width <= innerWidth;
    }));
    assert.deepEqual((await sizes()).canvas, before);
  }));

test('letters that no US keyboard has reach the desktop', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const page = await openLink(await profile(), meeting, 0);
    await enter(page);
    await focusTerminal(page);
    await page.keyboard.type('[ "');
    // As a German, a Spanish and a Greek keyboard make them; the driver knows only a US one.
    for (const [key, code] of [['ä', 'Quote'], ['ñ', 'Semicolon'], ['Ω', 'KeyW']]) {
      await page.locator('#screen canvas').evaluate((canvas, fields) => {
        for (const type of ['keydown', 'keyup']) {
          canvas.dispatchEvent(new KeyboardEvent(type,
            { ...fields, bubbles: true, cancelable: true }));
        }
      }, { key, code });
    }
    await page.keyboard.type(`" = "$(printf '\\303\\244\\303\\261\\316\\251')" ] && ${kGreen}\n`);
    await becomesGreen(page);
  }));

test('what is copied here can be pasted there', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const page = await openLink(
      await profile({ permissions: ['clipboard-read', 'clipboard-write'] }), meeting, 0);
    await enter(page);
    await focusTerminal(page);
    // By the panel, which works without any permission.
    await page.locator('#clipboard').click();
    await page.locator('#clipboard-text').fill(kGreen);
    await page.locator('#clipboard-send').click();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+Insert');
    await until('what was pasted turns the terminal green', () => runs(page, (part) => part > 0.5));
    // By itself, where the browser lets the page read the clipboard.
    await page.evaluate((text) => navigator.clipboard.writeText(text),
      kGreen.replace('#00ff00', '#000000'));
    await page.evaluate(() => window.dispatchEvent(new Event('focus')));
    await until('the page took the clipboard', () => page.evaluate(() =>
      /** @type {HTMLTextAreaElement} */ (document.getElementById('clipboard-text'))
        .value.includes('#000000')));
    await page.keyboard.press('Shift+Insert');
    await until('what was pasted turns it black', () => runs(page, (part) => part < 0.05));
  }));

test('what is copied there can be pasted here', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const page = await openLink(
      await profile({ permissions: ['clipboard-read', 'clipboard-write'] }), meeting, 0);
    await enter(page);
    await focusTerminal(page);
    await page.keyboard.type('clear; yes copied-there | head -20\n');
    const { width, height } = /** @type {{width: number, height: number}} */ (
      await page.locator('#screen canvas').boundingBox());
    const bar = 40;
    await until('a word of the terminal is in the own clipboard', async () => {
      // A double click on a word selects it.
      await page.mouse.dblclick(width * 0.12, bar + height * 0.3);
      return (await page.evaluate(() => navigator.clipboard.readText())).includes('copied');
    });
  }));

test('the time left warns before the end, and an extension takes the warning back', () =>
  withServer(async (server) => {
    const meeting = await server.book({ length_minutes: 5 });
    const page = await openLink(await profile(), meeting, 0);
    await enter(page);
    await page.locator('#warning-text', { hasText: /At most 10 minutes are left/ }).waitFor();
    await page.locator('#left[data-tone=bad]').waitFor();
    await server.post(`/v1/meetings/${meeting.id}/extend`, { minutes: 60 });
    await page.locator('#warning').waitFor({ state: 'hidden' });
    await page.locator('#left', { hasText: /1 h \d+ min left/ }).waitFor();
  }, { meeting: { overrun: '3m' } }));

test('the call opens in a tab of its own, from the join page and from the desktop', () =>
  withServer(async (server) => {
    const call_url = 'https://meet.example.org/algebra?room=3#lobby';
    const person = await profile();
    await person.route('https://meet.example.org/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>call</title>' }));
    const page = await openLink(person, await server.book({ call_url }), 0);
    const leads = async () => {
      const link = page.locator('#call');
      await link.waitFor();
      const fields = await link.evaluate((/** @type {HTMLAnchorElement} */ { href, rel, target }) =>
        ({ href, rel, target }));
      assert.deepEqual(fields, { href: call_url, rel: 'noopener noreferrer', target: '_blank' });
      const [call] = await Promise.all([person.waitForEvent('page'), link.click()]);
      await call.waitForURL(call_url);
      assert.deepEqual(await call.evaluate(() => [window.opener, document.referrer]), [null, '']);
      await call.close();
    };
    await leads();
    await page.locator('#call', { hasText: 'meet.example.org' }).waitFor();
    await enter(page);
    await leads();
    const silent = await openLink(person, await server.book(), 0);
    await silent.locator('#enter:enabled').waitFor();
    assert.equal(await silent.locator('#call').isVisible(), false);
    await enter(silent);
    assert.equal(await silent.locator('#call').isVisible(), false);
  }));

test('the desktop fills the whole screen when asked to, and gives it back', () =>
  withServer(async (server) => {
    const page = await openLink(await profile(), await server.book(), 0);
    await enter(page);
    const fills = (/** @type {boolean} */ whole) => until(`full screen is ${whole}`, () =>
      page.evaluate((wanted) =>
        (document.fullscreenElement === document.documentElement) === wanted, whole));
    await page.locator('#full').click();
    await fills(true);
    await page.locator('#bar').waitFor({ state: 'hidden' });
    assert.equal(await page.locator('#full').getAttribute('aria-pressed'), 'true');
    await page.locator('#handle').click();
    await page.locator('#full').click();
    await fills(false);
    await page.locator('#full[aria-pressed=false]').waitFor();
    await inside(page);
  }));

test('on a phone the tools are out of the way, and its keyboard types', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const phone = await profile({
      viewport: { width: 390, height: 760 }, hasTouch: true, isMobile: true,
    });
    const page = await openLink(phone, meeting, 0);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.locator('#enter:enabled').tap();
    await page.locator('#screen canvas').waitFor();
    await page.locator('#cover').waitFor({ state: 'hidden' });
    assert.equal(await page.locator('#bar').isVisible(), false);
    await terminal(page, 0.3);
    await page.locator('#handle').tap();
    await page.locator('#keyboard').tap();
    await page.locator('#typing:focus').waitFor();
    await page.keyboard.insertText(kGreen);
    await page.keyboard.press('Enter');
    await becomesGreen(page, 0.3);
  }));

test('what a keyboard composes arrives whole, and before the Enter after it', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const phone = await profile({
      viewport: { width: 390, height: 760 }, hasTouch: true, isMobile: true,
    });
    const page = await openLink(phone, meeting, 0);
    await page.locator('#enter:enabled').tap();
    await page.locator('#screen canvas').waitFor();
    await page.locator('#cover').waitFor({ state: 'hidden' });
    await terminal(page, 0.3);
    await page.locator('#handle').tap();
    await page.locator('#keyboard').tap();
    await page.locator('#typing:focus').waitFor();
    // As a keyboard does that offers words: one is composed, changed, and then taken.
    const keyboard = await phone.newCDPSession(page);
    for (const text of ['prim', 'printer', kGreen]) {
      await keyboard.send('Input.imeSetComposition',
        { text, selectionStart: text.length, selectionEnd: text.length });
    }
    await keyboard.send('Input.insertText', { text: kGreen });
    await page.keyboard.press('Enter');
    await becomesGreen(page, 0.3);
    // The end of a word and Enter in one go.
    await page.evaluate((text) => {
      const field = /** @type {HTMLTextAreaElement} */ (document.getElementById('typing'));
      field.dispatchEvent(new CompositionEvent('compositionstart'));
      field.value += text;
      field.dispatchEvent(new InputEvent('input', { isComposing: true }));
      field.dispatchEvent(new CompositionEvent('compositionend', { data: text }));
      field.dispatchEvent(new KeyboardEvent('keydown',
        { key: 'Enter', code: 'Enter', bubbles: true, cancelable: true }));
    }, kGreen.replace('#00ff00', '#000000'));
    await until('the terminal turns black', async () => await greenPart(page) < 0.05);
  }));
