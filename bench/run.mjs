// The measurements: `./dev bench [--json FILE] [--only join,booking,stored,frames]`. Every figure
// is taken in this run, beside its reference; ends with 1 when a bound does not hold.

import fs from "node:fs";
import { parseArgs } from "node:util";
import { booking } from "./booking.mjs";
import { firstFrames } from "./first_frame.mjs";
import { joinStatus } from "./join_status.mjs";
import { say } from "./lib.mjs";
import { storedMeetings } from "./stored.mjs";

const measurements = {
  join: joinStatus,
  booking: () => booking("howdah.db"),
  stored: storedMeetings,
  frames: firstFrames,
};

const { values } = parseArgs({ options: {
  json: { type: "string" },
  only: { type: "string", default: Object.keys(measurements).join(",") },
} });

const short = (number) => {
  if (number === null) return "";
  return number >= 100 ? Math.round(number).toString() : number.toPrecision(3);
};

function table(figures) {
  const rows = [["what", "value", "unit", "reference", "ratio", "bound", "holds"],
    ...figures.map((one) => [one.name, short(one.value), one.unit, short(one.reference),
      short(one.ratio), one.bound, one.holds ? "yes" : "NO"])];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`);
}

const figures = [];
for (const name of values.only.split(",")) {
  if (!measurements[name]) {
    say(`there is no measurement "${name}": ${Object.keys(measurements).join(", ")}`);
    process.exit(2);
  }
  process.stderr.write(`== ${name}\n`);
  figures.push(...(await measurements[name]()));
}
const lines = table(figures);
lines.splice(1, 0, lines[0].replace(/[^|]/g, "-"));
console.log(lines.join("\n"));
if (values.json) fs.writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
process.exit(figures.every((one) => one.holds) ? 0 : 1);
