#include "node/snapshots.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "aws/encoding.h"
#include "aws/timestamp.h"

namespace terrace::node {

namespace {

constexpr size_t kDigestBytes = 32;
constexpr Duration kDay = std::chrono::hours(24);
constexpr int kDaysKept = 14;

}  // namespace

std::string snapshot_key(Duration wall) {
  std::string moment = rfc3339(wall);
  std::replace(moment.begin(), moment.end(), ':', '-');
  return kSnapshotPrefix + moment + ".db";
}

std::optional<Duration> snapshot_time(const std::string& key) {
  // 2026-11-26T16-35-51Z
  constexpr size_t kLength = 20;
  constexpr size_t kFirstColon = 13;
  constexpr size_t kSecondColon = 16;
  const std::string prefix = kSnapshotPrefix;
  if (!key.starts_with(prefix) || !key.ends_with(".db") || key.size() != prefix.size() + kLength + 3)
    return std::nullopt;
  std::string moment = key.substr(prefix.size(), kLength);
  moment[kFirstColon] = moment[kSecondColon] = ':';
  return aws::parse_timestamp(moment);
}

std::vector<std::string> expired_snapshots(std::vector<std::string> keys, Duration now) {
  std::erase_if(keys, [](const std::string& key) { return !snapshot_time(key); });
  std::sort(keys.begin(), keys.end(), std::greater<>());
  std::vector<std::string> expired;
  std::set<int64_t> days;
  for (const std::string& key : keys) {
    const Duration taken = *snapshot_time(key);
    const Duration age = now - taken;
    const bool last_of_its_day = days.insert(taken / kDay).second;
    const bool kept = key == keys.front() || age < kDay || (last_of_its_day && age < kDaysKept * kDay);
    if (!kept) expired.push_back(key);
  }
  return expired;
}

bool is_whole_snapshot(std::string_view bytes) {
  if (bytes.size() <= kDigestBytes) return false;
  const std::string_view content = bytes.substr(0, bytes.size() - kDigestBytes);
  return aws::sha256(content) == bytes.substr(content.size());
}

Task<Status<std::string>> Snapshots::take(std::string endpoint, std::string why) {
  std::string content;
  std::function<void(std::string_view)> sink = [&content](std::string_view bytes) { content.append(bytes); };
  const Status<std::string> read = co_await etcd_.snapshot(std::move(endpoint), std::move(sink));
  if (!read.ok()) co_return Failure{"no snapshot: " + read.error()};
  if (!is_whole_snapshot(content)) co_return Failure{std::string("no snapshot: its SHA-256 does not fit its bytes")};
  const std::string key = snapshot_key(clock_.wall());
  const size_t size = content.size();
  const Status<std::string> written = co_await store_.put(key, std::move(content));
  if (!written.ok()) co_return Failure{"no snapshot: " + written.error()};
  log_.write(LogLevel::kInfo, fmt::format("snapshot {} of {} bytes, {}", key, size, why));
  co_return Status<std::string>();
}

Task<Result<std::optional<Duration>, std::string>> Snapshots::newest() {
  using Answer = Result<std::optional<Duration>, std::string>;
  const std::string prefix = kSnapshotPrefix;
  const Result<std::vector<std::string>, std::string> keys = co_await store_.list_keys(prefix);
  if (!keys.ok()) co_return Answer(Failure{keys.error()});
  std::optional<Duration> newest;
  for (const std::string& key : *keys) {
    const std::optional<Duration> taken = snapshot_time(key);
    if (taken && (!newest || *taken > *newest)) newest = taken;
  }
  co_return Answer(newest);
}

Task<Status<std::string>> Snapshots::trim() {
  const std::string prefix = kSnapshotPrefix;
  const Result<std::vector<std::string>, std::string> keys = co_await store_.list_keys(prefix);
  if (!keys.ok()) co_return Failure{keys.error()};
  for (const std::string& key : expired_snapshots(*keys, clock_.wall())) {
    const Status<std::string> erased = co_await store_.erase(key);
    if (!erased.ok()) co_return erased;
  }
  co_return Status<std::string>();
}

}  // namespace terrace::node
