// How soon a person is on their desktop: from its launch until the page that waited for it shows
// the first frame, in Chromium, on real local desktops; and how soon after a seat became ready the
// waiting page is told.

import http from "node:http";
import { createRequire } from "node:module";
import { figure, median, say, Server, sleep } from "./lib.mjs";

const launches = 9;

// In every page: presses Enter as soon as it can be, and notes when the screen is first painted.
function watch() {
  const painted = () => {
    const canvas = document.querySelector("#screen canvas");
    if (!canvas?.width) return false;
    const small = new OffscreenCanvas(64, 40).getContext("2d", { willReadFrequently: true });
    small.drawImage(canvas, 0, 0, 64, 40);
    const { data } = small.getImageData(0, 0, 64, 40);
    let bright = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] + data[at + 1] + data[at + 2] > 60) ++bright;
    }
    return bright > 25;
  };
  let pressed = 0;
  const look = () => {
    const enter = document.querySelector("#enter:enabled");
    if (enter?.offsetParent && Date.now() - pressed > 1000) {
      pressed = Date.now();
      enter.click();
    }
    if (painted()) globalThis.firstFrame = Date.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function launchedAt(server, meeting) {
  const { audit } = await server.organiser("GET", `/v1/meetings/${meeting.id}/audit`);
  return Date.parse(audit.find((one) => one.kind === "intent" && one.action === "launch").at);
}

async function firstFrame(server, browser) {
  const meeting = await server.book(6, { seats: [{ role: "teacher" }] });
  const context = await browser.newContext({ viewport: { width: 1024, height: 700 } });
  await context.addInitScript(watch);
  const page = await context.newPage();
  await page.goto(meeting.seats[0].link);
  await page.waitForURL(/\.desk\./, { timeout: 30_000 });
  await page.waitForFunction(() => globalThis.firstFrame, null, { timeout: 30_000 });
  const seen = await page.evaluate(() => globalThis.firstFrame);
  const took = seen - (await launchedAt(server, meeting));
  await context.close();
  await end(server, meeting);
  return took;
}

async function end(server, meeting) {
  await server.organiser("POST", `/v1/meetings/${meeting.id}/end`, {});
  for (let i = 0; i < 300; ++i) {
    if ((await server.organiser("GET", `/v1/meetings/${meeting.id}`)).over_at) return;
    await sleep(50);
  }
  throw new Error("the desktop was not taken down");
}

// Milliseconds from the look that found the seat ready until its event stream offers it.
async function offered(server) {
  const meeting = await server.book(6, { seats: [{ role: "teacher" }] });
  const seat = meeting.seats[0];
  const cookie = await server.exchange(seat);
  const took = await new Promise((done, failed) => {
    const options = { headers: { Cookie: cookie } };
    const request = http.get(`${server.origin}/v1/join/${seat.id}/events`, options, (stream) => {
      let text = "";
      stream.on("data", (part) => {
        text += part;
        for (let cut = text.indexOf("\n\n"); cut >= 0; cut = text.indexOf("\n\n")) {
          const data = text.slice(0, cut).match(/^data: ?(.*)$/m);
          text = text.slice(cut + 2);
          const status = data ? JSON.parse(data[1]) : {};
          if (!status.can_enter) continue;
          const ready = status.steps.find((step) => step.name === "ready").at;
          done(Date.now() - Date.parse(ready));
          request.destroy();
        }
      });
    });
    request.on("error", failed);
    setTimeout(() => failed(new Error("the seat was never offered")), 30_000).unref();
  });
  await end(server, meeting);
  return took;
}

export async function firstFrames() {
  const { chromium } = createRequire(new URL("../web/package.json", import.meta.url))(
    "playwright-core");
  // A desktop starts a few seconds after its page was opened; everything else is as delivered.
  const server = await Server.make("frames", { meeting: { launch_lead: "4s", length_min: "1m" } });
  await server.start();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  const [frames, offers] = [[], []];
  for (let i = 0; i < launches; ++i) {
    frames.push(await firstFrame(server, browser));
    offers.push(await offered(server));
    say(`launch ${i + 1}: first frame after ${frames[i]} ms; ready was told after ${offers[i]} ms`);
  }
  await browser.close();
  await server.stop();
  return [
    figure("launch to first frame in an open page", median(frames) / 1000, "s", null, "value < 1"),
    figure("ready seat is offered (worst)", Math.max(...offers), "ms", null, "value < 300"),
  ];
}
