// The organiser's page with more than a few meetings.

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { closeBrowser, profile, withServer } from './world.mjs';

after(closeBrowser);

const kDay = 86_400_000;

/** @param {import('./world.mjs').Server} server */
async function organiser(server) {
  const page = await (await profile()).newPage();
  await page.goto(server.login);
  await page.locator('#book-go').waitFor();
  return page;
}

/** Waits until the page has asked for its list anew. @param {import('./world.mjs').Page} page */
async function polled(page) {
  const from = (/** @type {string} */ url) => new URL(url).searchParams.get('from') ?? '';
  await page.waitForResponse((answer) =>
    answer.url().includes('/v1/meetings?') && from(answer.url()) === '');
}

test('a meeting of now is shown and followed, however many are booked for later', () =>
  withServer(async (server) => {
    // More than the server tells at once.
    for (let count = 0; count < 210; count += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, index) =>
        server.book({ title: `Lesson ${count + index}` }, 30 * kDay + (count + index) * 60_000)));
    }
    const page = await organiser(server);
    await page.locator('article', { hasText: 'Lesson 209' }).waitFor();
    await page.locator('#title').fill('Of now');
    const now = new Date().toISOString();
    await page.locator('#date').fill(now.slice(0, 10));
    await page.locator('#time').fill(now.slice(11, 19));
    await page.locator('#zone').selectOption('UTC');
    await page.locator('#book-go').click();
    const card = page.locator('article', { hasText: 'Of now' });
    await card.waitFor();
    await card.locator('.chip', { hasText: 'ready' }).first().waitFor();
    for (let polls = 0; polls < 2; ++polls) {
      await polled(page);
      assert.ok(await card.isVisible(), `after poll ${polls}`);
    }
    const meeting = (await server.meetings()).find(({ title }) => title === 'Of now');
    await server.post(`/v1/meetings/${meeting?.id}/end`, {});
    await page.locator('#past-count', { hasText: '(1)' }).waitFor();
    await page.locator('#past article', { hasText: 'Of now' }).waitFor({ state: 'attached' });
    assert.equal(await page.locator('#more').isVisible(), false, 'nothing is older');
  }));
