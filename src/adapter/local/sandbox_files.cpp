#include "adapter/local/sandbox_files.hpp"

namespace adapter::local {

namespace {

constexpr const char* kSessionPath = "/etc/howdah/session";
constexpr const char* kWelcomePath = "/etc/howdah/welcome";

// Constant text: names come from the environment, quoted, printed with %s. The terminal waits for
// the window manager: one that is there too early is made to wait 5 s for an answer.
constexpr const char* kSession = R"sh(#!/bin/sh
ready="$XDG_RUNTIME_DIR/window-manager"
while :; do openbox --startup "touch $ready"; sleep 1; done &
until [ -e "$ready" ]; do sleep 0.01; done
while :; do
  xterm -fa Monospace -fs 12 -maximized -title "${HOWDAH_PERSON:+$HOWDAH_PERSON }($HOWDAH_ROLE)" \
    -e /etc/howdah/welcome
  sleep 1
done
)sh";

constexpr const char* kWelcome = R"sh(#!/bin/sh
printf '%s\n' "This is the desktop of ${HOWDAH_PERSON:+$HOWDAH_PERSON }($HOWDAH_ROLE)."
[ -z "$HOWDAH_TITLE" ] || printf '%s\n' "Meeting: $HOWDAH_TITLE"
[ -z "$HOWDAH_CALL_URL" ] || printf '%s\n' "Call: $HOWDAH_CALL_URL"
printf '%s\n\n' "Everything here is deleted when the meeting ends."
exec /bin/bash
)sh";

}  // namespace

std::vector<SandboxFile> sandbox_files(const Template& image) {
  std::vector<SandboxFile> files{
      {"/etc/passwd", "user:x:1000:1000:user:/home/user:/bin/bash\n", "0644"},
      {"/etc/group", "user:x:1000:\n", "0644"},
      {"/etc/hosts", "127.0.0.1 localhost desktop\n::1 localhost\n", "0644"},
      {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", "0644"},
      {kSessionPath, kSession, "0755"},
      {kWelcomePath, kWelcome, "0755"},
  };
  if (image.network) {
    files.push_back({"/etc/resolv.conf", std::string("nameserver ") + kNameServer + "\n", "0644"});
  }
  return files;
}

std::vector<std::string> session_command(const Template& image) {
  return image.session.empty() ? std::vector<std::string>{kSessionPath} : image.session;
}

}  // namespace adapter::local
