// What goes wrong while people wait or work: the pages say so, and everybody who can comes back.

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { closeBrowser, enter, greenPart, heading, inside, openBoth, openLink, paintGreen,
  profile, screenProcess, sheet, until, withServer } from './world.mjs';

after(closeBrowser);

/** @param {string} desktop */
const killScreen = async (desktop) => {
  const pid = await until(`the X server of ${desktop} is found`, () => screenProcess(desktop));
  process.kill(pid, 'SIGKILL');
};

/**
 * @param {import('./world.mjs').Server} server
 * @param {string} meeting
 * @param {number} seat
 */
const desktopOf = async (server, meeting, seat) =>
  (await server.meeting(meeting)).seats[seat]?.desktop?.id ?? '';

test('late arrival: the unused desktop was put away, and starts again when asked', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const teacher = await openLink(await profile(), meeting, 0);
    await enter(teacher);
    await until('the teacher’s seat counts as used', async () =>
      (await server.meeting(meeting.id)).seats[0]?.used);
    // Nobody is called absent for the grace after a start; the teacher is back long before. A
    // desktop that was asked for again is kept for no_show_after too.
    await server.restartWith({ no_show_after: '40s', leave_grace: '20s' });
    await until('the student’s desktop was put away', async () =>
      (await server.meeting(meeting.id)).seats[1]?.step === 'released');
    const student = await openLink(await profile(), meeting, 1);
    await heading(student, /put away/);
    await student.locator('#restart:enabled').click();
    await enter(student);
    assert.match(new URL(student.url()).host, /-2-2\./, 'the second desktop of seat 2');
    await inside(teacher);
  }));

test('a desktop that dies while its person waits is replaced', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const page = await openLink(await profile(), meeting, 0);
    await page.locator('#enter:enabled').waitFor();
    const first = await desktopOf(server, meeting.id, 0);
    await killScreen(first);
    await until('there is another desktop', async () =>
      ![first, ''].includes(await desktopOf(server, meeting.id, 0)));
    await until('Enter leads to it', async () =>
      (await server.meeting(meeting.id)).seats[0]?.step === 'ready');
    await enter(page);
    assert.ok(!page.url().includes(`//${first}.`));
  }));

test('a desktop that dies while its person is inside is replaced; the other goes on', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const pages = await openBoth(meeting);
    const [page, other] = pages;
    assert.ok(page && other);
    await Promise.all(pages.map(enter));
    await killScreen(await desktopOf(server, meeting.id, 0));
    await sheet(page, /This desktop is gone/);
    await page.locator('#cover-link').click();
    await enter(page);
    assert.match(new URL(page.url()).host, /-1-2\./);
    await paintGreen(other);
  }));

/** @param {import('./world.mjs').Page} page @param {RegExp} words */
const says = (page, words) => page.locator('#lines').filter({ hasText: words }).waitFor();

// Without its limits no desktop is started, and there they can't be set.
const kNoDesktops = { desktops: { limits: 'enforce', cgroup_parent: 'no/such/group/here' } };

test('no desktop can be started: why is said while it is tried, and what it came to', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const page = await openLink(await profile(), meeting, 0);
    await heading(page, /is being made ready/);
    await says(page, /Asking for your desktop.+Limits on memory and processes cannot be set here/);
    assert.equal(await page.locator('#enter-box').isVisible(), false);
    await server.restartWith({ launch_timeout: '1s' });
    await heading(page, /A desktop that this meeting needs could not be had/);
    await says(page, /You had no desktop in this meeting. Nothing is left running/);
    assert.equal((await server.meeting(meeting.id)).end?.reason, 'failed');
  }, { ...kNoDesktops, meeting: { launch_timeout: '1h' } }));

test('no desktop for one while nobody is inside: told at once, and then why it ended for all', () =>
  withServer(async (server) => {
    const meeting = await server.book({}, 300_000);
    const pages = await openBoth(meeting);
    const [page, other] = pages;
    assert.ok(page && other);
    for (const one of pages) await one.locator('#enter:enabled').waitFor();
    await killScreen(await desktopOf(server, meeting.id, 0));
    await heading(page, /There is no desktop for you/);
    await says(page, /Please tell the organiser.+this meeting may be ended/);
    assert.equal(await page.locator('#enter-box').isVisible(), false);
    await other.locator('#enter:enabled').waitFor();
    await server.restartWith({ give_up_before: '10m' });
    for (const one of pages) await heading(one, /A desktop that this meeting needs/);
    for (const one of pages) await says(one, /files on it are deleted. Nothing is left running/);
    assert.equal((await server.meeting(meeting.id)).end?.reason, 'failed');
  }, { meeting: { attempts_max: 1 } }));

test('no desktop for one while the other is inside: who is inside can go on', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const pages = await openBoth(meeting);
    const [page, other] = pages;
    assert.ok(page && other);
    await enter(other);
    await page.locator('#enter:enabled').waitFor();
    await killScreen(await desktopOf(server, meeting.id, 0));
    await heading(page, /There is no desktop for you/);
    await says(page, /Whoever is in their desktop already can go on/);
    await paintGreen(other);
    assert.equal((await server.meeting(meeting.id)).end, null);
  }, { meeting: { attempts_max: 1 } }));

test('a tab that only asks whether to take over hears the end, and can leave', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const person = await profile();
    const page = await openLink(person, meeting, 0);
    await enter(page);
    const second = await person.newPage();
    await second.goto(page.url());
    await sheet(second, /open in another tab/);
    await second.locator('#leave').click();
    await second.locator('[data-choice=leave]').click();
    for (const one of [second, page]) await sheet(one, /You left/);

    await page.locator('#cover-link').click();
    await enter(page);
    await second.goto(page.url());
    await sheet(second, /open in another tab/);
    await server.post(`/v1/meetings/${meeting.id}/end`, {});
    for (const one of [page, second]) await sheet(one, /The meeting is over/);
    await second.locator('#cover-text', { hasText: 'The organiser ended this meeting' }).waitFor();
    assert.equal(await second.locator('#cover-action').isVisible(), false);
  }));

test('a tab that only asks whether to take over hears that the desktop or the link is void', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const pages = await openBoth(meeting);
    await Promise.all(pages.map(enter));
    const seconds = await Promise.all(pages.map(async (page) => {
      const second = await page.context().newPage();
      await second.goto(page.url());
      await sheet(second, /open in another tab/);
      return second;
    }));
    await killScreen(await desktopOf(server, meeting.id, 0));
    await sheet(/** @type {any} */ (seconds[0]), /This desktop is (gone|not open for you)/);
    await server.post(`/v1/meetings/${meeting.id}/seats/${meeting.seats[1]?.id}/rotate`, {});
    await sheet(/** @type {any} */ (seconds[1]), /This desktop is not open for you/);
  }));

test('cancelled while inside: both are put out at once and told why', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const pages = await openBoth(meeting);
    await Promise.all(pages.map(enter));
    await server.post(`/v1/meetings/${meeting.id}/cancel`, {});
    for (const page of pages) await sheet(page, /The meeting is over/);
    for (const page of pages) await page.locator('#cover-text', { hasText: 'cancelled' }).waitFor();
    for (const page of pages) await page.locator('#cover-link').click();
    for (const page of pages) await heading(page, /was cancelled/);
    for (const page of pages) await says(page, /files on it are deleted. Nothing is left running/);
  }));

test('the server is killed while people are inside: they come back, nobody is ended', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const pages = await openBoth(meeting);
    const [page, other] = pages;
    assert.ok(page && other);
    await Promise.all(pages.map(enter));
    await paintGreen(page);
    const before = page.url();
    await server.end('SIGKILL');
    await Promise.all(pages.map((one) => sheet(one, /connection is lost/)));
    await server.start();
    await Promise.all(pages.map(inside));
    assert.equal(page.url(), before, 'the same desktop');
    await until('the screen is as it was', async () => await greenPart(page) > 0.5);
    assert.equal((await server.meeting(meeting.id)).end, null);
    assert.ok((await server.meeting(meeting.id)).seats.every((seat) => seat.attempt === 1));
  }));

test('a waiting page outlives the server, and says that the connection is lost', () =>
  withServer(async (server) => {
    const meeting = await server.book({}, 3_600_000);
    const page = await openLink(await profile(), meeting, 0);
    await heading(page, /You are early/);
    await server.end('SIGKILL');
    await page.locator('#lost', { hasText: 'Trying again' }).waitFor();
    await server.start();
    await page.locator('#lost').waitFor({ state: 'hidden' });
    await server.post(`/v1/meetings/${meeting.id}/cancel`, {});
    await heading(page, /was cancelled/);
    await says(page, /You had no desktop in this meeting. Nothing is left running/);
  }));

test('a second tab asks before it takes over, and the first one can take it back', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const browser = await profile();
    const first = await openLink(browser, meeting, 0);
    await enter(first);
    const second = await browser.newPage();
    await second.goto(first.url());
    await sheet(second, /open in another tab/);
    assert.equal(await first.locator('#cover').isVisible(), false, 'asking takes nothing');
    await second.locator('#cover-action').click();
    await inside(second);
    await sheet(first, /open elsewhere/);
    await first.locator('#cover-action').click();
    await inside(first);
    await sheet(second, /open elsewhere/);
    // A reload of the tab that has it asks nothing.
    await first.reload();
    await inside(first);
  }));

test('a new link puts the old one’s people out', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const page = await openLink(await profile(), meeting, 0);
    await enter(page);
    const seat = String(meeting.seats[0]?.id);
    await server.post(`/v1/meetings/${meeting.id}/seats/${seat}/rotate`, {});
    await sheet(page, /link was replaced/);
    const old = await openLink(await profile(), meeting, 0);
    await old.locator('#wrong').waitFor();
    const fresh = await openLink(await profile(), await server.meeting(meeting.id), 0);
    await enter(fresh);
  }));
