#include "bin/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "bin/commands.hpp"
#include "bin/exit_code.hpp"
#include "bin/version.hpp"

namespace bin {
namespace {

constexpr auto kAbout =
    "Meetings in which everybody gets a desktop of their own.\n"
    "Start a server with `howdah serve`; the other commands talk to it.";

constexpr auto kExitCodes =
    "Exit codes: 0 done, 1 failed, 2 wrong command line, value or configuration, 3 no such thing,\n"
    "4 the state does not allow it, 5 no server answers, 6 not allowed, 7 not now: try later.\n"
    "Every command takes --config, --state, --server and --json; `howdah COMMAND --help` has "
    "examples.";

// One run of the program: options land here, the chosen command sets `run`.
struct Line {
  Shared shared;
  BookOptions booking;
  TrustPlaces places;
  DayLine day;
  std::string id;
  std::string text;
  std::vector<std::string> texts;
  std::size_t limit = 50;
  bool audit = false;
  bool dry_run = false;
  std::function<int()> run;
};

CLI::App& command(CLI::App& parent, const std::string& name, const std::string& about,
                  const std::string& examples, Line& line, std::function<int()> run) {
  auto& app = *parent.add_subcommand(name, about);
  app.fallthrough();
  if (!examples.empty()) app.footer("Examples:\n" + examples);
  app.callback([&line, run = std::move(run)] { line.run = run; });
  return app;
}

void add_meetings(CLI::App& app, Line& line) {
  auto& book_it =
      command(app, "book", "Book a meeting and print its links",
              "  howdah book --title Algebra --start '" + tomorrow() +
                  " 09:00' --length 45m\n"
                  "  howdah book --title Now --start now --seat teacher:Ada --seat student\n"
                  "  howdah book --title UTC --start " +
                  tomorrow() + "T08:00:00Z --json",
              line, [&line] { return book(line.shared, line.booking); });
  auto& booking = line.booking;
  book_it.add_option("--title", booking.title, "What it is about")->required();
  book_it.add_option("--start", booking.start, "now, +10m, a time with an offset, or a local time")
      ->required();
  book_it.add_option("--zone", booking.zone, "Of a local time; default: this machine's");
  book_it.add_option("--choice", booking.choice, "When clocks go back and a time is there twice")
      ->check(CLI::IsMember({"earlier", "later"}));
  book_it.add_option("--length", booking.length, "45m, 1h30m")->capture_default_str();
  book_it.add_option("--call-url", booking.call_url, "The video room, https");
  book_it.add_option("--seat", booking.seats, "role[:name[:email]], once for each seat");
  book_it.add_option("--idempotency-key", booking.idempotency,
                     "Booking again with the same key books once");

  command(app, "list", "List meetings, newest start first", "  howdah list --limit 10", line,
          [&line] { return list(line.shared, line.limit); })
      .add_option("--limit", line.limit, "At most so many")
      ->check(CLI::Range(1, 100'000));
  auto& show_it =
      command(app, "show", "Show one meeting, its links and desktops", "  howdah show mabc --audit",
              line, [&line] { return show(line.shared, line.id, line.audit); });
  show_it.add_option("meeting", line.id, "Its id")->required();
  show_it.add_flag("--audit", line.audit, "And all that was done for it");
  for (const auto* what : {"cancel", "end"}) {
    command(app, what, std::string(what) + " a meeting; its desktops are taken down",
            std::string("  howdah ") + what + " mabc", line,
            [&line, what] { return stop_meeting(line.shared, line.id, what); })
        .add_option("meeting", line.id, "Its id")
        ->required();
  }
  auto& extend_it = command(app, "extend", "Make a meeting longer", "  howdah extend mabc 15m",
                            line, [&line] { return extend(line.shared, line.id, line.text); });
  extend_it.add_option("meeting", line.id, "Its id")->required();
  extend_it.add_option("by", line.text, "15m, 1h")->required();
  command(app, "rotate", "Give a seat a new link; the old one is void at once",
          "  howdah rotate mabc-1", line, [&line] { return rotate_link(line.shared, line.id); })
      .add_option("seat", line.id, "Its id")
      ->required();
}

void add_keys(CLI::App& app, Line& line) {
  auto& keys = *app.add_subcommand("keys", "API keys and signing keys");
  keys.fallthrough();
  keys.require_subcommand(1);
  command(keys, "list", "List API keys", "  howdah keys list", line,
          [&line] { return list_keys(line.shared); });
  auto& add = command(keys, "add", "Make an API key and print it, once",
                      "  howdah keys add ci --scope book --scope read", line,
                      [&line] { return add_key(line.shared, line.id, line.texts); });
  add.add_option("name", line.id, "a-z, 0-9 and dashes")->required();
  add.add_option("--scope", line.texts, "book, read, operate")
      ->required()
      ->check(CLI::IsMember({"book", "read", "operate"}));
  command(keys, "revoke", "Revoke an API key", "  howdah keys revoke ci", line,
          [&line] { return revoke_key(line.shared, line.id); })
      .add_option("name", line.id, "Its name")
      ->required();
  command(keys, "rotate", "Give links or sessions a new signing key; the last one stays good",
          "  howdah keys rotate link_key\n  howdah keys rotate session_key", line,
          [&line] { return rotate_secret(line.shared, line.id); })
      .add_option("name", line.id, "link_key or session_key")
      ->required()
      ->check(CLI::IsMember({"link_key", "session_key"}));
}

void add_certs(CLI::App& app, Line& line) {
  auto& certs = *app.add_subcommand("certs", "HTTPS for this machine by a CA of its own");
  certs.fallthrough();
  certs.require_subcommand(1);
  command(certs, "local", "Make a CA limited to the configured hosts, and a certificate",
          "  howdah certs local && howdah certs trust", line,
          [&line] { return make_local_certs(line.shared, line.texts); })
      .add_option("--host", line.texts,
                  "One more name or address, again and again; without it, those of before");
  for (const auto* what : {"trust", "untrust"}) {
    const bool trust = std::string_view(what) == "trust";
    auto& it = command(certs, what,
                       trust ? "Let this machine and this user's browsers trust the CA"
                             : "Undo `howdah certs trust`",
                       std::string("  howdah certs ") + what, line, [&line, trust] {
                         return trust ? trust_certs(line.shared, line.places)
                                      : untrust_certs(line.shared, line.places);
                       });
    it.add_option("--system", line.places.system, "Folder of the system's CAs; '' leaves it out")
        ->capture_default_str();
    it.add_option("--nss", line.places.nss, "Folder of the browsers' database");
  }
}

void add_operating(CLI::App& app, Line& line) {
  command(app, "serve", "Run the server until Ctrl-C",
          "  howdah serve\n  howdah serve --config my.toml", line,
          [&line] { return serve(line.shared); });
  command(app, "url", "Print a new login address for the organiser's page, good once",
          "  howdah url", line, [&line] { return login_url(line.shared); });
  command(app, "sweep", "Tell what a sweep would do; nothing is done", "  howdah sweep --dry-run",
          line, [&line] { return sweep(line.shared); })
      .add_flag("--dry-run", line.dry_run, "The server itself sweeps by its clock")
      ->required();
  add_keys(app, line);
  add_certs(app, line);
  command(app, "backup", "Copy the store and the keys to a new folder, also while serving",
          "  howdah backup /var/backups/howdah-monday", line,
          [&line] { return backup(line.shared, line.text); })
      .add_option("folder", line.text, "Made; must not be there")
      ->required();
  command(app, "restore", "Put a backup into an empty state folder",
          "  howdah restore /var/backups/howdah-monday", line,
          [&line] { return restore(line.shared, line.text); })
      .add_option("folder", line.text, "A backup")
      ->required();
  auto& config = *app.add_subcommand("config", "The configuration");
  config.fallthrough();
  config.require_subcommand(1);
  command(config, "check", "Check it and print what is in effect",
          "  howdah config check --config my.toml", line,
          [&line] { return check_config(line.shared); });
  command(config, "example", "Print the defaults with what each value means",
          "  howdah config example > howdah.toml", line,
          [&line] { return show_example_config(line.shared); });
  command(app, "version", "Print the version", "  howdah version --json", line,
          [&line] { return show_version(line.shared); });
}

void add_planning(CLI::App& app, Line& line) {
  auto& day = line.day;
  auto& it = command(
      app, "simulate-day", "Tell how a day with many meetings would go; needs no server",
      "  howdah simulate-day --meetings 200 --at 09:00 --lead 10m\n"
      "  howdah simulate-day --meetings 10000 --lead 3h --svg day.svg --json-file day.json\n"
      "  howdah simulate-day --meetings 500 --spread 1h --boot 2m --boot-p99 5m --dns cloudflare",
      line, [&line] { return simulate_day(line.shared, line.day); });
  it.add_option("--meetings", day.meetings, "How many")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  it.add_option("--seats", day.seats, "Of each meeting")
      ->capture_default_str()
      ->check(CLI::Range(1, 8));
  it.add_option("--at", day.at, "When the first starts")->capture_default_str();
  it.add_option("--spread", day.spread, "The last starts so much later")->capture_default_str();
  it.add_option("--length", day.length, "Of each meeting")->capture_default_str();
  it.add_option("--lead", day.lead, "Desktops are launched so long before")->capture_default_str();
  it.add_option("--boot", day.boot, "From launch to ready, in the median")->capture_default_str();
  it.add_option("--boot-p99", day.boot_p99, "... and what one in a hundred exceeds")
      ->capture_default_str();
  it.add_option("--capacity", day.capacity, "Desktops at once; 0: as many as are asked for")
      ->capture_default_str();
  it.add_option("--launch-rate", day.launch_rate, "Launches a second that the provider takes")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 1000.0));
  it.add_option("--launch-burst", day.launch_burst, "... and at once after a rest")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  it.add_option("--dns", day.dns, "Whose limits on names")
      ->capture_default_str()
      ->check(CLI::IsMember({"route53", "cloudflare"}));
  it.add_option("--price", day.price, "Of a desktop for an hour")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1000.0));
  it.add_option("--seed", day.seed, "Another one, other boot times")->capture_default_str();
  it.add_flag("--search,!--no-search", day.search, "Look for the lead that is needed");
  it.add_option("--json-file", day.json_file, "All figures, and when each seat is ready");
  it.add_option("--svg", day.svg_file, "A picture: seats ready over time");
}

// The words of the line, the last one first, as CLI11 takes them. It would take the word after
// "--option=" for the value.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    const bool empty_value =
        word.starts_with("--") && word.size() > 3 && word.find('=') == word.size() - 1;
    if (empty_value) word.pop_back();
    words.push_back(std::move(word));
    if (empty_value) words.emplace_back();
  }
  std::ranges::reverse(words);
  return words;
}

// What is not known is told before what is missing: it may be why that is missing.
int tell_usage(const CLI::App& app, const CLI::ParseError& error) {
  const auto unknown = app.remaining(true);
  if (error.get_exit_code() == 0 || unknown.empty()) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return tell({base::ErrorKind::invalid,
               "\"" + unknown.front() + "\" is not known; see `howdah --help`", "", ""});
}

}  // namespace

int run_cli(int argc, char** argv) {
  CLI::App app(kAbout, "howdah");
  Line line;
  app.require_subcommand(1);
  app.footer(kExitCodes);
  app.add_option("--config", line.shared.config_file, "Configuration file (TOML)");
  app.add_option("--state", line.shared.state, "State folder");
  app.add_option("--server", line.shared.server, "URL of the server; default: the local one");
  app.add_flag("--json", line.shared.json, "Answer as JSON");
  app.set_version_flag("--version", "howdah " + std::string(version()), "Print the version");
  add_operating(app, line);
  add_meetings(app, line);
  add_planning(app, line);
  if (argc == 1) {
    std::fputs(app.help().c_str(), stderr);
    return kExitUsage;
  }
  try {
    app.parse(words_of(argc, argv));
    return line.run();
  } catch (const CLI::ParseError& error) {
    return tell_usage(app, error);
  } catch (const std::exception& error) {
    return tell({base::ErrorKind::internal, error.what(), "", ""});
  }
}

}  // namespace bin
