// The main job in a browser: book, wait, land on a desktop of one's own, work, leave, end.

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { closeBrowser, enter, greenPart, heading, inside, openBoth, openLink, paintGreen, profile,
  sheet, until, withServer } from './world.mjs';

after(closeBrowser);

test('book on the page, copy both links, enter both, paint one green, leave, see it end', () =>
  withServer(async (server) => {
    const organiser = await profile();
    const page = await organiser.newPage();
    await page.goto(server.login);
    await page.locator('#book-go').waitFor();
    assert.ok(!page.url().includes('login='), 'the code is out of the address bar');
    await page.locator('#title').fill('Algebra');
    const now = new Date().toISOString();
    await page.locator('#date').fill(now.slice(0, 10));
    await page.locator('#time').fill(now.slice(11, 19));
    await page.locator('#zone').selectOption('UTC');
    await page.locator('[data-name=name]').first().fill('Ada');
    await page.locator('#book-go').click();
    const card = page.locator('article', { hasText: 'Algebra' });
    await card.waitFor();
    const links = [];
    for (const button of await card.locator('.copy').all()) {
      await button.click();
      await button.filter({ hasText: 'Copied' }).waitFor();
      // The page may not read the clipboard; its person can paste.
      await page.locator('#call').fill('');
      await page.locator('#call').focus();
      await page.keyboard.press('Control+V');
      links.push(await page.locator('#call').inputValue());
    }
    assert.equal(new Set(links).size, 2);

    // Separate profiles, at once.
    const [ada, other] = await Promise.all(links.map(async (link) => {
      const person = await (await profile()).newPage();
      await person.goto(link);
      assert.ok(!person.url().includes('#'), 'the token is out of the address bar');
      return person;
    }));
    assert.ok(ada && other);
    await ada.locator('#who', { hasText: 'Ada (teacher)' }).waitFor();
    await ada.locator('#delete-note', { hasText: 'deleted at the end' }).waitFor();
    await Promise.all([enter(ada), enter(other)]);
    assert.notEqual(new URL(ada.url()).host, new URL(other.url()).host);
    await card.locator('.chip', { hasText: 'in use' }).nth(1).waitFor();

    await paintGreen(ada);
    assert.ok(await greenPart(other) < 0.1, 'the other desktop is another one');

    const meeting = (await server.meetings())[0];
    await until('both seats count as used', async () =>
      (await server.meetings())[0]?.seats.every((seat) => seat.used));
    await Promise.all([ada, other].map(async (person) => {
      await person.locator('#leave').click();
      await person.locator('[data-choice=leave]').click();
      await sheet(person, /You left/);
    }));
    await server.restartWith({ no_show_after: '1s', leave_grace: '1s' });
    await until('the empty meeting ended', async () =>
      (await server.meeting(String(meeting?.id))).end?.reason === 'completed');
    await ada.locator('#cover-link').click();
    await heading(ada, /Everybody had left/);
    await ada.locator('#lines', { hasText: 'Nothing is left running' }).waitFor();
    await page.locator('#past-count', { hasText: '(1)' }).waitFor();
  }));

test('both links in one browser: each tab enters its own seat', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const browser = await profile();
    const pages = [await openLink(browser, meeting, 0), await openLink(browser, meeting, 1)];
    for (const page of pages) await page.locator('#enter:enabled').waitFor();
    // A reload works by the cookie alone, and each tab stays its own seat.
    for (const page of pages) await page.reload();
    await pages[0]?.locator('#who', { hasText: 'teacher' }).waitFor();
    await pages[1]?.locator('#who', { hasText: 'student' }).waitFor();
    await Promise.all(pages.map(enter));
    pages.forEach((page, index) => {
      const seat = String(meeting.seats[index]?.id);
      assert.ok(new URL(page.url()).host.startsWith(`${seat}-`), `${page.url()} is of ${seat}`);
    });
  }));

test('everybody asks to end for everybody: it ends at once, and both are told', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const pages = await openBoth(meeting);
    await Promise.all(pages.map(enter));
    // A seat counts as used only after a while; the wish of the others alone would end it.
    await until('both seats are used', async () =>
      (await server.meeting(meeting.id)).seats.every((seat) => seat.used));
    for (const page of pages) {
      await page.locator('#leave').click();
      await page.locator('[data-choice=all]').click();
      await sheet(page, /You left|The meeting is over/);
      assert.doesNotMatch(await page.locator('#cover-text').innerText(), /kept for a while/);
    }
    await sheet(/** @type {any} */ (pages[0]), /You left/);
    await pages[0]?.locator('#cover-text', { hasText: /ends as soon as all who came/ }).waitFor();
    await until('it ended', async () =>
      (await server.meeting(meeting.id)).end?.reason === 'ended_by_everyone');
    for (const page of pages) await page.locator('#cover-link').click();
    for (const page of pages) await heading(page, /chose to end/);
  }));

test('an early person is told when the desktop starts, and goes on by itself', () =>
  withServer(async (server) => {
    const meeting = await server.book({}, 20_000);
    const page = await openLink(await profile(), meeting, 0);
    await heading(page, /You are early/);
    await page.locator('#count', { hasText: /Desktop starts in/ }).waitFor();
    assert.equal(await page.locator('#enter-box').isVisible(), false);
    assert.match(await page.title(), /^In /);
    await page.locator('#enter:enabled').waitFor();
    assert.match(await page.title(), /^Ready/);
    await enter(page);
  }, { meeting: { launch_lead: '12s' } }));

test('a wrong link opens nothing and says so, whatever is wrong with it', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const good = String(meeting.seats[0]?.link);
    const [base, token] = good.split('#');
    const browser = await profile();
    const last = String(token).at(-2) === 'A' ? 'B' : 'A';
    const altered = `${String(token).slice(0, -2)}${last}${String(token).at(-1)}`;
    const texts = new Set();
    for (const link of [`${base}#${altered}`, `${base}#rubbish`, `${base}`,
      good.replace(meeting.id, 'mnothing'), `${server.origin}/j/nothing-1#v1.x`]) {
      const page = await browser.newPage();
      await page.goto(link);
      await page.locator('#wrong').waitFor();
      assert.equal(await page.locator('#meeting').isVisible(), false, link);
      texts.add(await page.locator('main').innerText());
    }
    assert.equal(texts.size, 1, 'one page for all of them');
    // The whole link pasted over the wrong one, without a reload.
    const page = await openLink(browser, meeting, 0);
    await page.locator('#meeting').waitFor();
  }));

test('by the keyboard alone: log in, book, follow a link, enter, work, leave', () =>
  withServer(async (server) => {
    const browser = await profile();
    const page = await browser.newPage();
    await page.goto(String(server.origin));
    await page.locator('#login-code:focus').waitFor();
    await page.keyboard.insertText(server.login);
    await page.keyboard.press('Enter');
    await page.locator('#book-go').waitFor();
    await tabTo(page, '#title');
    await page.keyboard.type('By keys');
    await page.keyboard.press('Enter');
    await page.locator('.copy:focus').waitFor();
    const meeting = /** @type {any} */ ((await server.meetings())[0]);

    const person = await openLink(browser, meeting, 0);
    await person.locator('#enter:enabled').waitFor();
    await tabTo(person, '#enter');
    await person.keyboard.press('Enter');
    await inside(person);
    await person.keyboard.press('Control+Alt+Shift+KeyM');
    await person.locator('#bar .tool:focus').first().waitFor();
    await tabTo(person, '#leave');
    await person.keyboard.press('Enter');
    await person.locator('[data-choice=leave]:focus').waitFor();
    await person.keyboard.press('Enter');
    await sheet(person, /You left/);
    await person.locator('#cover-link:focus').waitFor();
    await person.keyboard.press('Enter');
    await person.waitForURL(/\/j\//);
    // The form offers the next quarter of an hour: that is soon enough for a desktop.
  }, { meeting: { launch_lead: '20m' } }));

test('a fault is shown at its field, which has the focus; an unclear time asks which', () =>
  withServer(async (server) => {
    const page = await (await profile()).newPage();
    await page.goto(server.login);
    await page.locator('#book-go').waitFor();
    await page.locator('#title').fill('Faulty');
    await page.locator('[data-name=email]').nth(1).fill('not an address');
    await page.locator('#book-go').click();
    await page.locator('[data-name=email][aria-invalid=true]:focus').waitFor();
    assert.ok(await page.locator('.seat').nth(1).locator('.fault').innerText());
    await page.locator('[data-name=email]').nth(1).fill('');
    const year = new Date().getUTCFullYear() + (new Date().getUTCMonth() >= 9 ? 1 : 0);
    // The last Sunday of October.
    const day = 31 - new Date(Date.UTC(year, 9, 31)).getUTCDay();
    await page.locator('#date').fill(`${year}-10-${day}`);
    await page.locator('#time').fill('02:30');
    await page.locator('#zone').selectOption('Europe/Berlin');
    await page.locator('#book-go').click();
    await page.locator('#choice .fault').waitFor();
    await page.locator('#choice-later', { hasText: '+01:00' }).waitFor();
    await page.locator('input[value=later]').check();
    await page.locator('#book-go').click();
    await page.locator('article', { hasText: 'Faulty' }).waitFor();
    const at = (await server.meetings())[0]?.start.at ?? '';
    assert.equal(new Date(at).toISOString().slice(5, 16), `10-${day}T01:30`);
  }));

/**
 * Presses Tab until this has the focus.
 * @param {import('./world.mjs').Page} page
 * @param {string} selector
 */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 60; ++presses) {
    if (await page.locator(`${selector}:focus`).count()) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${selector} can't be reached by Tab`);
}
