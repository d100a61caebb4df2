// Makes the pictures of the README from the real program: node test/e2e/pictures.mjs
// (HOWDAH_BINARY names it). They are taken anew when the pages change, never drawn.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { closeBrowser, enter, openLink, profile, until, withServer } from './world.mjs';

const folder = fileURLToPath(new URL('../../docs/img/', import.meta.url));
const kView = { viewport: { width: 1100, height: 720 }, timezoneId: 'Europe/Berlin' };
const kDay = 86_400_000;

const seats = [
  { role: 'teacher', name: 'Ada', email: 'ada@example.org' },
  { role: 'student', name: 'Grace', email: 'grace@example.org' },
];
const call_url = 'https://meet.example.org/algebra';

/** @param {import('./world.mjs').Page} page @param {string} name */
const picture = (page, name) => page.screenshot({ path: path.join(folder, `${name}.png`) });

await withServer(async (server) => {
  await server.book({ title: 'Geometry, lesson 2', seats }, kDay);
  await server.book({ title: 'Algebra, lesson 4', seats, call_url }, 2 * 3_600_000);
  const meeting = await server.book({ title: 'Algebra, lesson 3', seats, call_url });
  const [ada, grace] = await Promise.all([0, 1].map(async (seat) =>
    openLink(await profile(kView), meeting, seat)));
  if (!ada || !grace) throw new Error('two people');
  // Tall enough for the whole page.
  await ada.setViewportSize({ width: 900, height: 860 });
  await ada.locator('#enter:enabled').waitFor();
  await picture(ada, 'ready');
  await ada.setViewportSize(kView.viewport);
  await Promise.all([enter(ada), enter(grace)]);
  await ada.locator('#screen canvas').click({ position: { x: 300, y: 300 } });
  await ada.keyboard.type('echo "Welcome, Grace. This desktop is mine, yours is your own."\n');
  await until('the desktops are in use', async () =>
    (await server.meeting(meeting.id)).seats.every((seat) => seat.step === 'occupied'));
  const organiser = await (await profile(kView)).newPage();
  await organiser.goto(server.login);
  await organiser.locator('.chip', { hasText: 'in use' }).nth(1).waitFor();
  await picture(organiser, 'organiser');
  await picture(ada, 'viewer');
});
await closeBrowser();
