// The status of a waiting person over keep-alive, of 1,000 seats by their real cookies while passes
// run, against nginx serving a file of the same size; and how soon a change is seen.

import { figure, load, median, say, Server, sleep, together, undisturbed } from "./lib.mjs";
import { Nginx } from "./nginx.mjs";

const rounds = 7;

// Nobody gets a desktop here: 500 meetings whose launches wait for the budget are looked at again
// and again. One person may ask as often as the load does.
const settings = {
  meeting: { launch_lead: "30m", launch_retry: "10s" },
  budget: { launches_per_hour: 1, launches_per_hour_organiser: 1, desktops_max: 1,
    desktops_max_organiser: 1 },
  limits: { requests_per_link: 0, requests_per_link_burst: 0 },
};

const request = (port, where, cookie) =>
  `GET ${where} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\n` +
  `Cookie: ${cookie}\r\n\r\n`;

async function seatsWithCookies(server) {
  const meetings = await together(Array.from({ length: 500 }), 16, () => server.book(1500));
  const seats = meetings.flatMap((meeting) => meeting.seats.map((seat) => ({ ...seat, meeting })));
  return together(seats, 16, async (seat) => ({ ...seat, cookie: await server.exchange(seat) }));
}

// Milliseconds from the answer to an organiser's change until a person's status shows it.
async function changeSeen(server, seat) {
  const headers = { Cookie: seat.cookie };
  const before = JSON.parse((await server.call("GET", `/v1/join/${seat.id}`, { headers })).body);
  await server.organiser("POST", `/v1/meetings/${seat.meeting.id}/extend`, { minutes: 1 });
  const changed = performance.now();
  for (;;) {
    const now = JSON.parse((await server.call("GET", `/v1/join/${seat.id}`, { headers })).body);
    if (now.planned_end !== before.planned_end) return performance.now() - changed;
    if (performance.now() - changed > 5000) return 5000;
    await sleep(2);
  }
}

async function passes(server) {
  const { body } = await server.call("GET", "/metrics");
  const lines = body.split("\n").filter((line) => /^howdah_passes_total\b/.test(line));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").pop()), 0);
}

export async function joinStatus() {
  const server = await Server.make("join", settings);
  server.before = undisturbed;
  await server.start();
  say("booking 500 meetings and exchanging 1,000 links");
  const seats = await seatsWithCookies(server);
  const ours = seats.map((seat) => request(server.port, `/v1/join/${seat.id}`, seat.cookie));
  const { body_bytes: bytes } = await load(server.port, ours, { seconds: 0.5 });
  const nginx = await Nginx.make(bytes);
  const theirs = seats.map((seat) => request(nginx.port, "/status.json", seat.cookie));
  await load(nginx.port, theirs, { seconds: 0.5 });

  const [rates, references, ratios, seen] = [[], [], [], []];
  const looked = await passes(server);
  for (let i = 0; i < rounds; ++i) {
    const reference = await load(nginx.port, theirs, { seconds: 1.5 });
    const running = load(server.port, ours, { seconds: 1.5 });
    await sleep(500);
    seen.push(await changeSeen(server, seats[i * 100]));
    const own = await running;
    rates.push(own.per_second);
    references.push(reference.per_second);
    ratios.push(own.per_second / reference.per_second);
    say(`round ${i + 1}: ${Math.round(own.per_second)}/s, nginx ` +
      `${Math.round(reference.per_second)}/s; a change was seen after ${seen[i].toFixed(0)} ms`);
  }
  const [slow, slowReference] = [[], []];
  for (let i = 0; i < 5; ++i) {
    slowReference.push((await load(nginx.port, theirs, { seconds: 2, rate: 20_000 })).p99_us);
    slow.push((await load(server.port, ours, { seconds: 2, rate: 20_000 })).p99_us);
    say(`at 20,000/s: p99 ${slow[i]} us, nginx ${slowReference[i]} us`);
  }
  const passed = (await passes(server)) - looked;
  say(`${passed} passes ran meanwhile`);
  if (passed === 0) throw new Error("no pass ran while the status was measured");
  await nginx.stop();
  await server.stop();
  const throughput = figure("join status", median(rates), "requests/s", median(references),
    "ratio >= 0.6");
  throughput.ratio = median(ratios);  // of neighbours in time, not of the two medians
  throughput.holds = throughput.ratio >= 0.6;
  return [
    throughput,
    figure("join status, p99 at 20,000/s", median(slow) / 1000, "ms", median(slowReference) / 1000,
      "value < 2"),
    figure("a change is seen in the status (worst)", Math.max(...seen), "ms", null, "value < 300"),
  ];
}
