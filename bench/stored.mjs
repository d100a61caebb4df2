// 100,000 stored meetings: what they cost while nothing happens, how long a restart takes, and how
// late 1,000 wakes of one second start.

import path from "node:path";
import { figure, median, output, say, Server, sleep, tools } from "./lib.mjs";

const stored = 100_000;
const wakes = 1000;
const launchLead = 600_000;

// Launches wait for the budget: it is the wakes that are measured, not 2,000 desktops.
const settings = {
  budget: { launches_per_hour: 1, launches_per_hour_organiser: 1, desktops_max: 1,
    desktops_max_organiser: 1 },
  image: { session: ["/bin/sleep", "infinity"] },
};

async function fill(server, ...more) {
  const file = path.join(server.state, "howdah.db");
  return output(path.join(tools, "bench_fill_store"), [file, ...more.map(String)]);
}

// Values of one metric by their labels, as Prometheus reads them.
async function metric(server, name) {
  const { body } = await server.call("GET", "/metrics");
  const values = {};
  for (const line of body.split("\n")) {
    const [whole, value] = line.split(" ");
    if (whole === name || whole.startsWith(`${name}{`)) {
      values[whole.slice(name.length)] = Number(value);
    }
  }
  return values;
}

async function lateWakes(server) {
  const buckets = await metric(server, "howdah_wake_lateness_seconds_bucket");
  const limits = Object.entries(buckets)
    .map(([labels, count]) => [labels.match(/le="([^"]+)"/)[1], count])
    .map(([limit, count]) => [limit === "+Inf" ? Infinity : Number(limit), count])
    .sort((a, b) => a[0] - b[0]);
  return limits;
}

async function idle(server, seconds) {
  const before = server.cpuSeconds();
  await sleep(seconds * 1000);
  return (server.cpuSeconds() - before) / seconds * 100;
}

async function oneSecondOfWakes(server) {
  const due = Math.ceil((Date.now() + 15_000) / 1000) * 1000;
  await fill(server, 0, due, wakes, launchLead);
  await server.start();
  const before = await lateWakes(server);
  if (Date.now() > due - 500) throw new Error("the wakes were due before the server was ready");
  await sleep(due + 4000 - Date.now());
  const after = await lateWakes(server);
  const counts = after.map(([limit, count], i) => [limit, count - (before[i]?.[1] ?? 0)]);
  const [, all] = counts.at(-1);
  if (all < wakes) throw new Error(`only ${all} of ${wakes} wakes were seen to start`);
  // The smallest bound under which all of them started.
  return counts.find(([, count]) => count === all)[0];
}

export async function storedMeetings() {
  const server = await Server.make("stored", settings);
  await server.start();
  await server.stop();
  say(`storing ${stored} meetings`);
  await fill(server, stored);
  const starts = [];
  for (let i = 0; i < 5; ++i) {
    starts.push(await server.start());
    say(`ready after ${starts[i].toFixed(0)} ms`);
    if (i < 4) await server.stop(i % 2 ? "SIGKILL" : "SIGTERM");
  }
  await sleep(2000);
  const cpu = await idle(server, 15);
  const resident = server.memory();
  say(`idle: ${cpu.toFixed(2)} % of a core, ${resident.toFixed(1)} MiB`);
  await server.stop();
  say(`${wakes} wakes in one second`);
  const late = await oneSecondOfWakes(server);
  const after = server.memory();
  await server.stop();
  return [
    figure("100,000 meetings: idle CPU", cpu, "% of a core", null, "value < 1"),
    figure("100,000 meetings: resident", Math.max(resident, after), "MiB", null, "value < 64"),
    figure("100,000 meetings: restart to ready", median(starts) / 1000, "s", null, "value < 1"),
    figure("1,000 wakes in one second: latest start", late, "s", null, "value <= 2"),
  ];
}
