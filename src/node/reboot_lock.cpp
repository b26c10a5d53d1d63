#include "node/reboot_lock.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "node/supervisor.h"

namespace terrace::node {

using Json = nlohmann::json;

namespace {

constexpr Duration kLook = std::chrono::seconds(5);
constexpr Duration kLookSpread = std::chrono::seconds(2);
constexpr int kDay = 24 * 60;
constexpr int kWeek = 7 * kDay;
constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// "3h", "90m", "1h30m" in minutes.
std::optional<int> minutes_of(std::string_view text) {
  int total = 0;
  while (!text.empty()) {
    const size_t unit = text.find_first_not_of("0123456789");
    if (unit == std::string_view::npos) return std::nullopt;
    const std::optional<int> amount = number(text.substr(0, unit));
    if (!amount || *amount > kWeek || (text[unit] != 'h' && text[unit] != 'm')) return std::nullopt;
    total += *amount * (text[unit] == 'h' ? 60 : 1);
    text.remove_prefix(unit + 1);
  }
  return total;
}

}  // namespace

bool RebootWindow::contains(const std::tm& local) const {
  const int period = day ? kWeek : kDay;
  const int now = (day ? local.tm_wday * kDay : 0) + local.tm_hour * 60 + local.tm_min;
  const int begin = (day ? *day * kDay : 0) + start;
  const int since = ((now - begin) % period + period) % period;
  return since < length;
}

Result<RebootWindow, std::string> parse_reboot_window(const std::string& text) {
  const auto refuse = [&](const std::string& why) {
    return Failure{
        fmt::format("\"{}\" is no reboot window: {}. Write it as \"05:30 3h\", or \"Sun 05:30 3h\"", text, why)};
  };
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  RebootWindow window;
  if (words.size() == 3) {
    const auto day = std::find(std::begin(kDays), std::end(kDays), words[0]);
    if (day == std::end(kDays)) return refuse("\"" + words[0] + "\" is none of Sun, Mon, Tue, Wed, Thu, Fri, Sat");
    window.day = static_cast<int>(day - std::begin(kDays));
    words.erase(words.begin());
  }
  if (words.size() != 2) return refuse("it needs a start and a length");
  const size_t colon = words[0].find(':');
  const std::optional<int> hour = number(words[0].substr(0, colon));
  const std::optional<int> minute = colon == std::string::npos ? std::nullopt : number(words[0].substr(colon + 1));
  if (!hour || !minute || *hour > 23 || *minute > 59) return refuse("\"" + words[0] + "\" is no time of the day");
  window.start = *hour * 60 + *minute;
  const std::optional<int> length = minutes_of(words[1]);
  if (!length || *length == 0 || *length > (window.day ? kWeek : kDay))
    return refuse("\"" + words[1] + "\" is no length");
  window.length = *length;
  return window;
}

std::optional<RebootWindow> window_of(const Settings& settings) {
  Result<RebootWindow, std::string> window = parse_reboot_window(settings.reboot_window);
  return window.ok() ? std::optional(*window) : std::nullopt;
}

std::string to_text(const std::vector<RebootHolder>& holders) {
  Json list = Json::array();
  for (const RebootHolder& each : holders)
    list.push_back(Json{{"instance", each.instance}, {"boot", each.boot}, {"since", each.since}});
  return Json{{"holders", std::move(list)}}.dump();
}

Result<std::vector<RebootHolder>, std::string> parse_reboot_holders(const std::string& text) {
  std::vector<RebootHolder> holders;
  try {
    const Json document = Json::parse(text);
    for (const Json& each : document.at("holders"))
      holders.push_back({each.at("instance"), each.at("boot"), each.at("since")});
  } catch (const Json::exception& error) {
    return Failure{std::string("the holders of the reboot lock cannot be read: ") + error.what()};
  }
  return holders;
}

std::string reboot_key(const std::string& group) {
  return "terrace/reboot/" + group;
}

RebootStep next_reboot_step(const RebootView& view) {
  const auto mine = std::find_if(view.holders.begin(), view.holders.end(),
                                 [&](const RebootHolder& each) { return each.instance == view.me; });
  if (mine != view.holders.end()) {
    if (mine->boot != view.boot) return view.well ? RebootStep::kGiveBack : RebootStep::kWait;  // it has rebooted
    return view.wanted ? RebootStep::kReboot : RebootStep::kGiveBack;
  }
  if (!view.wanted) return RebootStep::kNothing;
  const bool may = view.in_window && view.group_well && view.holders.size() < view.places;
  return may ? RebootStep::kTake : RebootStep::kWait;
}

RebootLock::RebootLock(const Parts& parts, std::string root, std::string group, std::string instance, size_t places,
                       std::optional<RebootWindow> window)
    : parts_(parts),
      root_(std::move(root)),
      group_(std::move(group)),
      instance_(std::move(instance)),
      places_(places),
      window_(window) {}

Task<int> RebootLock::run_tool(std::vector<std::string> arguments) {
  ChildProcess tool(parts_.loop, std::move(arguments));
  const Status<std::string> started = tool.start();
  if (!started.ok()) co_return 127;
  co_return co_await tool.ended();
}

// Flatcar's update engine has staged an update, or somebody left the note that Debian's and others' tools leave.
Task<bool> RebootLock::is_wanted() {
  if (parts_.files.exists(join_path(root_, "run/reboot-required"))) co_return true;
  std::vector<std::string> ask = {"sh", "-c", "update_engine_client -status 2>/dev/null | grep -q UPDATED_NEED_REBOOT"};
  const int code = co_await run_tool(std::move(ask));
  co_return code == 0;
}

Task<Status<std::string>> RebootLock::write(std::vector<RebootHolder> holders, uint64_t revision) {
  const std::vector<std::string> endpoints = parts_.endpoints();
  if (endpoints.empty()) co_return Failure{std::string("etcd is not known yet")};
  const std::string key = reboot_key(group_);
  const std::string text = to_text(holders);
  const std::string endpoint = endpoints.front();
  const Result<bool, std::string> written = co_await parts_.etcd.put_if(endpoint, key, text, 0, revision);
  if (!written.ok()) co_return Failure{written.error()};
  if (!*written) co_return Failure{std::string("another node was quicker")};
  co_return Status<std::string>();
}

// A holder that will never come back gives its place up.
Task<void> RebootLock::forget_the_gone(std::vector<RebootHolder> holders, uint64_t revision) {
  std::vector<RebootHolder> left;
  for (const RebootHolder& each : holders) {
    std::string instance = each.instance;
    const Result<bool, std::string> gone = co_await parts_.is_gone(std::move(instance));
    if (gone.ok() && *gone) {
      parts_.log.write(LogLevel::kInfo,
                       fmt::format("{} held the reboot lock of {} and is gone", each.instance, group_));
    } else {
      left.push_back(each);
    }
  }
  if (left.size() == holders.size()) co_return;
  const Status<std::string> written = co_await write(std::move(left), revision);
  if (!written.ok()) parts_.log.write(LogLevel::kWarn, "the reboot lock: " + written.error());
}

Task<RebootStep> RebootLock::step() {
  const std::vector<std::string> endpoints = parts_.endpoints();
  if (endpoints.empty()) co_return RebootStep::kWait;
  const std::string endpoint = endpoints.front();
  const std::string key = reboot_key(group_);
  const Result<std::vector<KeyValue>, std::string> found = co_await parts_.etcd.list(endpoint, key);
  if (!found.ok()) {
    problem_ = found.error();
    co_return RebootStep::kWait;
  }
  RebootView view;
  uint64_t revision = 0;
  for (const KeyValue& each : *found) {
    if (each.key != key) continue;
    Result<std::vector<RebootHolder>, std::string> holders = parse_reboot_holders(each.value);
    if (!holders.ok()) {
      problem_ = holders.error();
      co_return RebootStep::kWait;
    }
    view.holders = std::move(*holders);
    revision = each.mod_revision;
  }
  view.me = instance_;
  view.boot = boot_identity(parts_.files);
  view.places = places_;
  view.wanted = co_await is_wanted();
  view.well = parts_.well();
  if (window_) {
    const auto now =
        static_cast<std::time_t>(std::chrono::duration_cast<std::chrono::seconds>(parts_.loop.clock().wall()).count());
    std::tm local{};
    localtime_r(&now, &local);
    view.in_window = window_->contains(local);
  }
  if (view.wanted && view.holders.empty()) view.group_well = co_await parts_.group_well();
  const RebootStep step = next_reboot_step(view);
  std::vector<RebootHolder> holders = view.holders;
  problem_.clear();
  if (step == RebootStep::kTake) {
    holders.push_back({instance_, view.boot, rfc3339(parts_.loop.clock().wall())});
    const Status<std::string> taken = co_await write(std::move(holders), revision);
    problem_ = taken.ok() ? "" : taken.error();
    if (taken.ok()) parts_.log.write(LogLevel::kInfo, "it is this node's turn to reboot");
  } else if (step == RebootStep::kReboot) {
    parts_.log.write(LogLevel::kInfo, "rebooting");
    std::vector<std::string> reboot = {"systemctl", "reboot"};
    const int code = co_await run_tool(std::move(reboot));
    if (code != 0) problem_ = fmt::format("systemctl reboot ended with {}", code);
  } else if (step == RebootStep::kGiveBack) {
    std::erase_if(holders, [&](const RebootHolder& each) { return each.instance == instance_; });
    const Status<std::string> given = co_await write(std::move(holders), revision);
    problem_ = given.ok() ? "" : given.error();
    if (given.ok()) parts_.log.write(LogLevel::kInfo, "the reboot is over, and the next may reboot");
  } else if (!holders.empty() && parts_.is_gone) {
    co_await forget_the_gone(std::move(holders), revision);
  }
  co_return step;
}

Task<void> RebootLock::keep() {
  std::string said;
  while (true) {
    (void)co_await step();
    if (!problem_.empty() && problem_ != said) parts_.log.write(LogLevel::kWarn, "the reboot lock: " + problem_);
    said = problem_;
    Duration pause = kLook + std::chrono::duration_cast<Duration>(kLookSpread * parts_.random.uniform());
    co_await parts_.loop.sleep(pause);
  }
}

}  // namespace terrace::node
