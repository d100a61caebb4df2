#pragma once
// Console: connects to the screens of memory::Compute. The caller gets one end of a socket pair on
// which a server's RFB greeting already waits; the test takes the other end and plays the screen.
// Thread-safe.

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "adapter/memory/compute.hpp"
#include "port/console.hpp"

namespace adapter::memory {

class Console : public port::Console {
 public:
  explicit Console(Compute& compute) : compute_(compute) {}
  ~Console() override;
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  base::Result<int> connect(const domain::InstanceId& instance,
                            const domain::Owner& owner) override;

  // The screen's end of the oldest connection nobody took yet; the caller owns it.
  std::optional<int> take_screen(const domain::InstanceId& instance);

 private:
  Compute& compute_;
  std::mutex mutex_;
  std::map<domain::InstanceId, std::vector<int>> screens_;
};

}  // namespace adapter::memory
