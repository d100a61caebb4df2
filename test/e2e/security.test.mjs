// Rows of the security table that only a browser can show. Every attacker's page is real: served
// from a sibling host, with the cookies that the browser really sends.

import assert from 'node:assert/strict';
import http from 'node:http';
import test, { after } from 'node:test';
import { closeBrowser, enter, inside, openLink, profile, until, withServer } from './world.mjs';

after(closeBrowser);

// The pages on a name of *.localhost: siblings of it are same-site, the hard case.
const kSibling = { server: { public_url: 'http://howdah.localhost:0' } };

/**
 * A page of an attacker at http://<name>:<port>/.
 * @param {string} name
 * @param {(origin: string) => Promise<void>} body
 */
async function attacker(name, body) {
  const server = http.createServer((request, answer) => {
    answer.setHeader('Content-Type', 'text/html');
    const parent = name.slice(name.indexOf('.') + 1);
    if (request.url === '/cookie') {
      answer.setHeader('Set-Cookie', `__Host-desk=x; Domain=${parent}`);
    }
    answer.end('<!doctype html><title>attacker</title>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  try {
    await body(`http://${name}:${port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('sec_06 both links in one browser: Enter in either tab goes to its own seat', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const browser = await profile();
    const teacher = await openLink(browser, meeting, 0);
    const student = await openLink(browser, meeting, 1);
    for (const page of [teacher, student]) await page.locator('#meeting').waitFor();
    const names = (await browser.cookies()).map((cookie) => cookie.name);
    for (const seat of meeting.seats) assert.ok(names.includes(`__Host-seat-${seat.id}`));
    await enter(teacher);
    await enter(student);
    assert.ok(new URL(teacher.url()).host.startsWith(`${meeting.seats[0]?.id}-`));
    assert.ok(new URL(student.url()).host.startsWith(`${meeting.seats[1]?.id}-`));
  }));

test('sec_07 a sibling’s page can neither act with a person’s cookie nor open their screen', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const browser = await profile();
    const page = await openLink(browser, meeting, 0);
    await enter(page);
    const desk = new URL(page.url()).origin;
    for (const cookie of await browser.cookies()) {
      assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === 'Strict', cookie.name);
      assert.ok(cookie.name.startsWith('__Host-') && cookie.path === '/', cookie.name);
      assert.ok(!cookie.domain.startsWith('.'), `${cookie.name} belongs to one host`);
    }
    const evil = await browser.newPage();
    // The cookie rides along: the request is same-site. Only Origin tells it apart.
    const refuses = async (/** @type {string} */ origin, /** @type {string} */ target) => {
      await evil.goto(origin);
      const answer = await posted(evil, target);
      const sent = await answer.request().allHeaders();
      assert.match(sent['cookie'] ?? '', /__Host-/, `the attack on ${target} is a real one`);
      assert.equal(answer.status(), 403, target);
    };
    await attacker('howdah.localhost', async (origin) => {
      for (const call of ['restart', 'leave']) {
        await refuses(origin, `${server.origin}/v1/join/${meeting.seats[0]?.id}/${call}`);
      }
    });
    await attacker('evil.desk.localhost', async (origin) => {
      await evil.goto(`${origin}/cookie`);
      await refuses(origin, `${desk}/v1/desk/leave`);
      await evil.goto(origin);
      const opened = await evil.evaluate((url) => new Promise((resolve) => {
        const socket = new WebSocket(`${url}/screen?take_over=1`, ['binary']);
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
      }), desk.replace('http', 'ws'));
      assert.equal(opened, false, 'a screen opens for its own page alone');
    });
    await evil.close();
    assert.equal(await page.locator('#cover').isVisible(), false, 'still inside');
    await page.reload();
    await inside(page);
  }, kSibling));

test('sec_09 names and titles are text, scripts come from the server alone', () =>
  withServer(async (server) => {
    const nasty = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';
    const meeting = await server.book({
      title: nasty, seats: [{ role: 'teacher', name: nasty.slice(0, 60) }, { role: 'student' }],
    });
    for (const call_url of ['javascript:alert(1)', 'http://meet.example.org/', 'https://a b']) {
      const answer = await server.call('POST', '/v1/meetings', {
        title: 'x', start: new Date().toISOString(), length_minutes: 30, call_url,
      }, server.key());
      assert.equal(answer.status, 422, call_url);
      assert.equal(answer.body.field, 'call_url');
    }
    const browser = await profile();
    const organiser = await browser.newPage();
    await organiser.goto(server.login);
    await organiser.locator('article h3', { hasText: '<img' }).waitFor();
    const join = await openLink(browser, meeting, 0);
    await join.locator('#title', { hasText: '<script>' }).waitFor();
    const desk = await openLink(browser, meeting, 0);
    await enter(desk);
    await desk.locator('#title', { hasText: '<img' }).waitFor();
    for (const page of [organiser, join, desk]) {
      assert.equal(await page.evaluate(() => /** @type {any} */ (window).hit), undefined);
      assert.equal(await page.locator('main img').count(), 0);
      const ran = await page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'window.hit = 2';
        document.head.append(script);
        return /** @type {any} */ (window).hit === 2;
      });
      assert.equal(ran, false, 'no inline script runs');
      const policy = await page.evaluate(async () =>
        (await fetch(location.pathname)).headers.get('Content-Security-Policy') ?? '');
      for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]) {
        assert.ok(policy.includes(part), `${page.url()}: ${part}`);
      }
      assert.ok(!/unsafe-(inline|eval)/.test(policy));
    }
  }));

test('sec_12 nobody is put into a desktop by another page', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const attackerBrowser = await profile();
    const own = await openLink(attackerBrowser, meeting, 0);
    await own.locator('#enter:enabled').waitFor();
    const seat = String(meeting.seats[0]?.id);
    const mint = () => own.evaluate(async (url) =>
      (await fetch(url, { method: 'POST', body: '{}' })).json(), `/v1/join/${seat}/enter`);
    const { door, token } = await mint();
    const victim = await profile();
    await attacker('evil.localhost', async (origin) => {
      const page = await victim.newPage();
      await page.goto(origin);
      assert.equal((await posted(page, door, token)).status(), 403, 'another page’s Origin');
      // Such a page sends Origin: null.
      await page.goto('data:text/html,<title>attacker</title>');
      const answer = await posted(page, door, token);
      assert.equal((await answer.request().allHeaders())['origin'], 'null');
      assert.equal(answer.status(), 403, 'no Origin to speak of');
    });
    assert.ok(!(await victim.cookies()).some((cookie) => cookie.name === '__Host-desk'));
    // The token was not used up by any of this: its own page still gets in.
    await own.evaluate(submit, { door, token });
    await inside(own);
    // ... but only once, and a reload needs no token.
    await own.reload();
    await inside(own);
    const again = await openLink(attackerBrowser, meeting, 0);
    await again.locator('#meeting').waitFor();
    assert.ok((await posted(again, door, token)).status() >= 400, 'a door token is good once');
  }));

/**
 * Posts a form from this page, as a person's click would, and waits for the page it leads to.
 * @param {import('./world.mjs').Page} page
 * @param {string} target
 */
async function posted(page, target, token = '') {
  const answered = page.waitForResponse(target);
  await page.evaluate(submit, { door: target, token });
  const answer = await answered;
  await page.waitForURL(target);
  return answer;
}

/** @param {{door: string, token: string}} what */
function submit({ door, token }) {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = door;
  const input = document.createElement('input');
  input.name = 'token';
  input.value = token;
  form.append(input);
  document.body.append(form);
  form.submit();
}

test('sec_02 no token or code stays in the address, the history or a referrer', () =>
  withServer(async (server) => {
    const meeting = await server.book();
    const browser = await profile();
    const seen = /** @type {string[]} */ ([]);
    browser.on('request', (request) => {
      seen.push(request.url(), request.headers()['referer'] ?? '');
    });
    const secrets = [String(meeting.seats[0]?.link.split('#')[1]),
      String(server.login.split('login=')[1])];
    const organiser = await browser.newPage();
    await organiser.goto(server.login);
    await organiser.locator('#book-go').waitFor();
    const page = await openLink(browser, meeting, 0);
    await enter(page);
    await until('the socket is open', () => seen.some((url) => url.includes('/v1/desk')));
    for (const secret of secrets) {
      assert.ok(!seen.some((url) => url.split('#')[0]?.includes(secret)), 'in no URL that is sent');
    }
    assert.ok(!organiser.url().includes('#') && !page.url().includes('#'));
  }));
