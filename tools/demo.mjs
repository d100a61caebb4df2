// ./dev demo: one meeting from booking to nothing left, on a server of its own. Shows its progress,
// leaves pictures in build/demo/, and exits 0 only if every step was seen to be true.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { leftOf, traces } from './leftovers.mjs';

const binary = process.argv[2] ?? 'build/release/src/bin/howdah';
process.env['HOWDAH_BINARY'] = path.resolve(binary);
const { Server, closeBrowser, enter, greenPart, openLink, paintGreen, profile, until } =
  await import('../test/e2e/world.mjs');

const kPictures = 'build/demo';
const kReadyMs = 60_000;
const kGoneMs = 30_000;
const began = performance.now();

/** @param {string} text */
function say(text) {
  const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(6);
  console.log(`${seconds} s  ${text}`);
}

/** Waits until both seats are ready, telling each step. @param {any} server @param {string} id */
async function waitReady(server, id) {
  let last = '';
  await until('both seats are ready', async () => {
    const meeting = await server.meeting(id);
    const steps = meeting.seats.map((/** @type {any} */ seat) => `${seat.role}: ${seat.step}`);
    if (steps.join() !== last) say(`  ${steps.join('   ')}`);
    last = steps.join();
    return meeting.seats.every((/** @type {any} */ seat) => seat.step === 'ready');
  }, kReadyMs);
}

/** @param {any} server @param {any} meeting */
async function work(server, meeting) {
  const pages = [];
  for (const number of meeting.seats.keys()) {
    pages.push(await openLink(await profile(), meeting, number));
  }
  await Promise.all(pages.map(enter));
  say('both are inside, each on a desktop of their own');
  const [first, second] = pages;
  await paintGreen(first);
  const others = await greenPart(second);
  assert.ok(others < 0.05, `the other desktop stayed as it was, not ${others} green`);
  say(`typed into the first: ${Math.round(await greenPart(first) * 100)} % of it is green, ` +
    `${Math.round(others * 100)} % of the other`);
  fs.mkdirSync(kPictures, { recursive: true });
  for (const [number, page] of pages.entries()) {
    const file = `${kPictures}/${meeting.seats[number].role}.png`;
    await page.screenshot({ path: file });
    say(`picture: ${file}`);
  }
}

/** @param {any} server @param {any} meeting */
async function endAndProve(server, meeting) {
  const known = traces(meeting.id, Number(server.process.pid));
  assert.ok(known.spaces.size >= meeting.seats.length, 'each desktop has processes of its own');
  assert.ok(known.sockets.size > 0, 'the desktops hold sockets');
  say(`seen in the system: ${known.processes.length} processes, ${known.sockets.size} sockets, ` +
    `${known.cgroups.size} cgroups, ${known.spaces.size} sandboxes`);
  assert.notDeepEqual(leftOf(known), [], 'the look for what is left sees what is there');
  await server.post(`/v1/meetings/${meeting.id}/end`, {});
  say('the meeting was ended');
  await until(`nothing is left`, () => leftOf(known).length === 0, kGoneMs).catch((error) => {
    throw new Error(`still there:\n  ${leftOf(known).join('\n  ')}`, { cause: error });
  });
  say('read from /proc, sockets and cgroups: nothing is left');
}

async function main() {
  // Short times, so that nobody waits; the rules are the same.
  const server = new Server({ meeting: { poll_starting: '100ms', used_after: '1s' } });
  say(`starting ${binary}`);
  await server.start();
  say(`serving ${server.origin}`);
  try {
    const meeting = await server.book({
      title: 'Demo', seats: [{ role: 'teacher', name: 'Ada' }, { role: 'student', name: 'Blaise' }],
    });
    say(`booked ${meeting.id} for now`);
    await waitReady(server, meeting.id);
    await work(server, meeting);
    await endAndProve(server, meeting);
  } catch (error) {
    console.error(`the server said:\n${server.log()}`);
    throw error;
  } finally {
    await closeBrowser();
    await server.close();
  }
  say('the server stopped');
}

try {
  await main();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
console.log(process.exitCode ? 'the demo failed' : 'all of it was true');
