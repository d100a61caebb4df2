#include "adapter/file/secrets.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "adapter/memory/clock.hpp"
#include "adapter/memory/entropy.hpp"
#include "adapter/memory/secrets.hpp"
#include "secrets_contract.hpp"

namespace contract {
namespace {

class VirtualTime : public SecretsSubject {
 public:
  Timestamp now() override { return clock_.now(); }
  void pass(Duration time) override { clock_.advance(time); }
  Duration patience() const override { return 10min; }
  Duration step() const override { return 1min; }

 protected:
  adapter::memory::Clock clock_{*base::parse_rfc3339("2026-12-01T08:00:00Z")};
  adapter::memory::Entropy entropy_{1};
};

class MemorySecrets : public VirtualTime {
 public:
  port::Secrets& secrets() override { return secrets_; }
  void rotate(const std::string& name) override {
    secrets_.put(name, base::Secret(entropy_.bytes(32)));
  }
  void make_unreadable(const std::string& name) override {
    secrets_.refuse(name, ErrorKind::denied);
  }

 private:
  adapter::memory::Secrets secrets_;
};

class FileSecrets : public VirtualTime {
 public:
  FileSecrets() {
    std::string pattern = testing::TempDir() + "secretsXXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    secrets_ = std::make_unique<adapter::file::Secrets>(
        folder_, std::set<std::string>{"link_key", "session_key"}, entropy_, clock_);
  }
  ~FileSecrets() override { std::filesystem::remove_all(folder_); }
  port::Secrets& secrets() override { return *secrets_; }
  void rotate(const std::string& name) override {
    const auto made = secrets_->fetch(name);  // the first use makes it
    EXPECT_TRUE(made);
    const auto rotated = secrets_->rotate(name);
    EXPECT_TRUE(rotated) << rotated.error().message;
  }
  void make_unreadable(const std::string& name) override {
    EXPECT_EQ(::chmod((folder_ + "/" + name).c_str(), 0644), 0);  // others may read it
  }

 private:
  std::string folder_;
  std::unique_ptr<adapter::file::Secrets> secrets_;
};

INSTANTIATE_TEST_SUITE_P(
    All, SecretsContract,
    testing::Values(Named<SecretsSubject>{"Memory",
                                          [] { return std::make_unique<MemorySecrets>(); }},
                    Named<SecretsSubject>{"File", [] { return std::make_unique<FileSecrets>(); }}),
    NameOf());

}  // namespace
}  // namespace contract
