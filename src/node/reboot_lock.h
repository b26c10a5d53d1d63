// Reboots of a group's nodes in turn: whoever has something to reboot for takes a place among the holders, a key of
// etcd's, reboots, and gives the place back when it is well again. The node's program runs it; `terraced reboot-lock`
// runs it alone.
#pragma once

#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/random.h"
#include "node/etcd_client.h"
#include "node/settings.h"

namespace terrace::node {

// When reboots may begin. "05:30 3h" each day, "Sun 04:00 90m" once a week, as locksmith's REBOOT_WINDOW_START and
// _LENGTH.
struct RebootWindow {
  std::optional<int> day;  // of the week, 0 is Sunday
  int start = 0;           // minutes after midnight
  int length = 0;          // minutes, at most a week
  bool contains(const std::tm& local) const;
};
Result<RebootWindow, std::string> parse_reboot_window(const std::string& text);

struct RebootHolder {
  std::string instance;
  std::string boot;  // boot_identity() of when it was taken
  std::string since;
};
std::string to_text(const std::vector<RebootHolder>& holders);
Result<std::vector<RebootHolder>, std::string> parse_reboot_holders(const std::string& text);
std::string reboot_key(const std::string& group);  // "terrace/reboot/worker"

// What should be done about the lock now.
enum class RebootStep : uint8_t { kNothing, kWait, kTake, kReboot, kGiveBack };
struct RebootView {
  std::string me;
  std::string boot;
  std::vector<RebootHolder> holders;
  size_t places = 1;
  bool wanted = false;  // something waits for a reboot of this node
  bool in_window = true;
  bool well = true;        // this node
  bool group_well = true;  // nothing speaks against one node of the group less
};
RebootStep next_reboot_step(const RebootView& view);

// The window that node.json names; nothing for any time.
std::optional<RebootWindow> window_of(const Settings& settings);

class RebootLock {
 public:
  struct Parts {
    Loop& loop;
    FileSystem& files;
    Random& random;
    EtcdClient& etcd;
    Log& log;
    std::function<std::vector<std::string>()> endpoints;  // where etcd may be asked now
    std::function<bool()> well;                           // this node
    std::function<Task<bool>()> group_well;               // whether the group can spare a node now
    std::function<Task<Result<bool, std::string>>(std::string)>
        is_gone;  // an instance; empty where this node cannot tell
  };
  RebootLock(const Parts& parts, std::string root, std::string group, std::string instance, size_t places,
             std::optional<RebootWindow> window);
  Task<void> keep();
  // One look and one step.
  Task<RebootStep> step();
  const std::string& problem() const { return problem_; }

 private:
  Task<bool> is_wanted();
  Task<Status<std::string>> write(std::vector<RebootHolder> holders, uint64_t revision);
  Task<void> forget_the_gone(std::vector<RebootHolder> holders, uint64_t revision);
  Task<int> run_tool(std::vector<std::string> arguments);

  Parts parts_;
  std::string root_;
  std::string group_;
  std::string instance_;
  size_t places_;
  std::optional<RebootWindow> window_;
  std::string problem_;
};

}  // namespace terrace::node
