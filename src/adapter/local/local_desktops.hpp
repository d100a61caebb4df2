#pragma once
// Local desktops: port::Compute and port::Console by sandboxed processes of this machine. A desktop
// is a process tree in namespaces of its own; it outlives the server, and what the server knows of
// it is read from the disk, from locks and from the kernel each time (record.hpp), never
// remembered.
//
// Never two for one key: everything that changes a desktop holds its claim, across threads and
// processes. A launch that is cut short at any instant leaves a desktop that is listed, or one
// whose init ends it at once because nobody said "go", and a folder that the next call tidies up.

#include <functional>
#include <memory>

#include "adapter/local/config.hpp"
#include "adapter/local/record.hpp"
#include "adapter/local/slots.hpp"
#include "port/clock.hpp"
#include "port/compute.hpp"
#include "port/console.hpp"

namespace adapter::local {

class LocalDesktops : public port::Compute, public port::Console {
 public:
  // invalid: this machine or configuration cannot have local desktops, and why.
  static base::Result<std::unique_ptr<LocalDesktops>> open(Config config, port::Clock& clock);

  base::Result<std::vector<domain::Instance>> list(const domain::MeetingId& meeting) override;
  base::Result<std::vector<domain::Instance>> list_all() override;
  base::Result<domain::Instance> launch(const port::LaunchSpec& spec) override;
  base::Result<> terminate(const domain::InstanceId& instance, const domain::Owner& owner) override;
  base::Result<> set_deadline(const domain::InstanceId& instance, const domain::Owner& owner,
                              base::Timestamp deadline) override;
  base::Result<int> connect(const domain::InstanceId& instance,
                            const domain::Owner& owner) override;

 private:
  enum class Life {
    launching,  // somebody is starting it, or what was started has not ended yet
    living,
    dead,      // it ran, and nothing of it lives: to be settled
    leftover,  // nothing of it ever ran: to be removed
    ended,
  };
  LocalDesktops(Config config, port::Clock& clock, Fd root, Cgroups cgroups);

  // Looking.
  base::Result<Life> life_of(const Record& record) const;
  base::Result<std::vector<domain::Instance>> list_if(
      const std::function<bool(const Spec&)>& wanted);
  base::Result<std::optional<domain::Instance>> look(
      const domain::InstanceId& id, const std::function<bool(const Spec&)>& wanted);
  base::Result<Life> settled_life(Record& record) const;
  domain::Instance describe(const Record& record, const Spec& spec, Life life) const;
  base::Result<Record> find(const domain::InstanceId& id, const domain::Owner& owner) const;

  // Starting (launch.cpp). The record is claimed.
  base::Result<Record> claim_for_launch(const domain::InstanceId& id) const;
  base::Result<domain::Instance> launch_claimed(Record& record, const port::LaunchSpec& spec);
  base::Result<> start(Record& record, const port::LaunchSpec& spec, const Spec& made);
  base::Result<Marks> start_processes(Record& record, const port::LaunchSpec& spec,
                                      const Slot& slot, const Fd& alive, Fd& go);

  // Ending (end.cpp). The record is claimed.
  base::Result<> kill(const Record& record) const;  // success: proved that nothing lives
  bool nothing_lives(const Record& record, const std::optional<Marks>& marks) const;
  base::Result<> settle(const Record& record, const std::string& why) const;
  base::Result<> discard(const Record& record) const;
  void purge() const;

  const Config config_;
  port::Clock& clock_;
  const Fd root_;
  const Cgroups cgroups_;
};

}  // namespace adapter::local
