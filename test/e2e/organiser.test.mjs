// The organiser's page with more than a few meetings, and the seats of its form.

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { closeBrowser, profile, until, withServer } from './world.mjs';

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

test('seats take the configured roles, each once; one more is offered while a role is free', () =>
  withServer(async (server) => {
    const page = await organiser(server);
    const roles = () => page.locator('[data-name=role]').evaluateAll((fields) =>
      fields.map((field) => /** @type {HTMLSelectElement} */ (field).value));
    const add = page.locator('#add-seat');
    assert.deepEqual(await roles(), ['teacher', 'student', 'guest']);
    assert.equal(await add.isVisible(), false, 'every role has its seat');
    await page.getByRole('button', { name: 'Remove seat 1' }).click();
    assert.deepEqual(await roles(), ['student', 'guest']);
    await page.locator('.seat').first().getByLabel('Role').selectOption('teacher');
    await add.click();
    assert.deepEqual(await roles(), ['teacher', 'guest', 'student']);
    assert.equal(await add.isVisible(), false);
    // The new one has the focus; what others have can't be chosen twice.
    const role = page.locator('.seat').nth(2).getByLabel('Role');
    await until('the new seat has the focus', () =>
      role.evaluate((field) => document.activeElement === field));
    const chosen = await role.evaluate((/** @type {HTMLSelectElement} */ field) =>
      [...field.options].filter((option) => !option.disabled).map((option) => option.value));
    assert.deepEqual(chosen, ['student']);
    // By the keyboard: take guest away, choose it for the last seat.
    await page.getByRole('button', { name: 'Remove seat 2' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.seat').nth(1).getByLabel('Role').focus();
    await page.keyboard.press('g');
    assert.deepEqual(await roles(), ['teacher', 'guest']);

    await page.locator('#title').fill('Three roles');
    const booked = page.waitForResponse((answer) =>
      answer.request().method() === 'POST' && answer.url().endsWith('/v1/meetings'));
    await page.locator('#book-go').click();
    assert.equal((await booked).status(), 201);
    await page.locator('article', { hasText: 'Three roles' }).waitFor();
    assert.deepEqual((await server.meetings())[0]?.seats.map((seat) => seat.role),
      ['teacher', 'guest']);
    assert.deepEqual(await roles(), ['teacher', 'student', 'guest'], 'the form begins anew');
  }, { meeting: { roles: ['teacher', 'student', 'guest'] } }));

test('with the default roles there is no seat to add, until one was removed', () =>
  withServer(async (server) => {
    const page = await organiser(server);
    assert.equal(await page.locator('#add-seat').isVisible(), false);
    await page.getByRole('button', { name: 'Remove seat 2' }).click();
    await page.locator('#add-seat').click();
    await page.locator('#title').fill('Two again');
    const booked = page.waitForResponse((answer) =>
      answer.request().method() === 'POST' && answer.url().endsWith('/v1/meetings'));
    await page.locator('#book-go').click();
    assert.equal((await booked).status(), 201);
  }));
