#pragma once
// A machine for real local desktops in the contract suites: folders of their own, a store of their
// own, and everything that was started is ended with it.

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "adapter/local/local_desktops.hpp"
#include "adapter/system/clock.hpp"

namespace contract {

class LocalMachine {
 public:
  explicit LocalMachine(adapter::local::Template image = {}) : image_(std::move(image)) {
    std::string pattern = "/tmp/howdah-contract-XXXXXX";  // short: it holds Unix sockets
    made_ = ::mkdtemp(pattern.data()) != nullptr;
    folder_ = pattern;
    static int serial = 0;
    store_ = "contract" + std::to_string(::getpid()) + "x" + std::to_string(serial++);
    desktops_ = open(store_);
  }
  ~LocalMachine() {
    end_all(*desktops_);
    if (strangers_) end_all(*strangers_);
    if (made_) std::filesystem::remove_all(folder_);
  }
  LocalMachine(const LocalMachine&) = delete;
  LocalMachine& operator=(const LocalMachine&) = delete;

  // Why local desktops can't run here; empty when they can.
  static std::string missing() {
    if (::geteuid() != 0) return "local desktops are tested as root";
    for (const auto* program : {"/usr/bin/Xtigervnc", "/usr/bin/bwrap"}) {
      if (::access(program, X_OK) != 0) return std::string(program) + " is not installed";
    }
    return "";
  }

  const std::string& store() const { return store_; }
  adapter::local::LocalDesktops& desktops() { return *desktops_; }
  // Desktops of another store in the same folder.
  adapter::local::LocalDesktops& strangers(const std::string& store) {
    if (!strangers_) strangers_ = open(store);
    return *strangers_;
  }

 private:
  std::unique_ptr<adapter::local::LocalDesktops> open(const std::string& store) {
    adapter::local::Config config;
    config.folder = folder_ + "/desktops";
    config.store = store;
    config.program = HOWDAH_BINARY;
    config.templates = {image_};
    return std::move(adapter::local::LocalDesktops::open(config, clock_)).value();
  }
  static void end_all(adapter::local::LocalDesktops& desktops) {
    const auto all = desktops.list_all();
    if (!all) return;
    for (const auto& one : *all) {
      base::ignore(desktops.terminate(one.id, one.owner), "the test said what it wanted to");
    }
  }

  adapter::local::Template image_;
  adapter::system::Clock clock_;
  bool made_ = false;
  std::string folder_;
  std::string store_;
  std::unique_ptr<adapter::local::LocalDesktops> desktops_;
  std::unique_ptr<adapter::local::LocalDesktops> strangers_;
};

}  // namespace contract
