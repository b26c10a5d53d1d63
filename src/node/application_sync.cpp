#include "node/application_sync.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "node/bucket_store.h"
#include "node/ignition.h"
#include "node/supervisor.h"

namespace terrace::node {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr Duration kEvery = std::chrono::seconds(55);  // and up to ten seconds more, so that nodes do not ask in step
constexpr Duration kSpread = std::chrono::seconds(10);
constexpr Duration kToolLimit = std::chrono::minutes(5);
constexpr size_t kReleasesKept = 2;

bool by_ssh(const std::string& url) {
  return url.starts_with("ssh://") || (url.find("://") == std::string::npos && url.find(':') != std::string::npos);
}

// A key below the prefix as a path below the release, or nothing where it would lead out of it.
std::string relative(const std::string& key, const std::string& prefix) {
  const std::string rest = key.substr(prefix.size());
  const fs::path path(rest);
  const bool leads_out = path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end();
  return leads_out || rest.empty() || rest.ends_with('/') ? "" : rest;
}

}  // namespace

Task<Status<std::string>> ApplicationSync::git(std::vector<std::string> arguments) {
  // Nothing asks, and a key that the host shows first is believed from then on.
  const std::string ssh = fmt::format(
      "GIT_SSH_COMMAND=ssh -i {}/deploy-key -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new "
      "-o UserKnownHostsFile={}/known-hosts",
      source_.state, source_.state);
  std::vector<std::string> words = {"env", "GIT_TERMINAL_PROMPT=0", ssh, "git", "-c", "safe.directory=*"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  ChildProcess tool(parts_.loop, std::move(words));
  const Status<std::string> started = tool.start();
  if (!started.ok()) co_return started;
  const Duration end = parts_.loop.clock().monotonic() + kToolLimit;
  while (tool.running()) {
    if (parts_.loop.clock().monotonic() >= end) {
      co_await tool.stop();
      co_return Failure{"git " + arguments.front() + " has not ended within five minutes"};
    }
    Duration pause = std::chrono::milliseconds(20);
    co_await parts_.loop.sleep(pause);
  }
  const int code = co_await tool.ended();
  if (code != 0)
    co_return Failure{fmt::format("git {} ended with {}; the lines before this one say why", arguments.front(), code)};
  co_return Status<std::string>();
}

Task<Status<std::string>> ApplicationSync::write_key() {
  Json params{{"Name", source_.parameter}, {"WithDecryption", true}};
  const std::string service = "ssm";
  const std::string operation = "GetParameter";
  const aws::ApiResult found = co_await parts_.client.call(service, operation, std::move(params));
  if (!found.ok())
    co_return Failure{"the deploy key, parameter " + source_.parameter + ": " + found.error().describe()};
  std::string key = (*found)["Parameter"].value("Value", std::string());
  if (!key.ends_with('\n')) key += '\n';
  const Status<FileError> written = parts_.files.write_atomic(source_.state + "/deploy-key", key, 0600);
  if (!written.ok()) co_return Failure{written.error().message};
  co_return Status<std::string>();
}

Task<Result<std::string, std::string>> ApplicationSync::newest_commit() {
  const Status<FileError> made = parts_.files.make_directories(source_.state, 0700);
  if (!made.ok()) co_return Failure{made.error().message};
  if (by_ssh(source_.url)) {
    const Status<std::string> key = co_await write_key();
    if (!key.ok()) co_return Failure{key.error()};
  }
  if (!parts_.files.exists(repository() + "/HEAD")) {
    std::vector<std::string> begin = {"init", "--quiet", "--bare", repository()};
    const Status<std::string> begun = co_await git(std::move(begin));
    if (!begun.ok()) co_return Failure{begun.error()};
  }
  const std::string wanted = fmt::format("+refs/heads/{}:refs/heads/wanted", source_.branch);
  std::vector<std::string> fetch = {
      "--git-dir=" + repository(), "fetch", "--quiet", "--depth=1", "--no-tags", source_.url, wanted};
  const Status<std::string> fetched = co_await git(std::move(fetch));
  if (!fetched.ok()) co_return Failure{fetched.error()};
  const Result<std::string, FileError> commit = parts_.files.read(repository() + "/refs/heads/wanted");
  if (!commit.ok()) co_return Failure{commit.error().message};
  co_return std::string(aws::trim(*commit));
}

Task<Result<std::string, std::string>> ApplicationSync::newest_objects() {
  const std::optional<ObjectAddress> address = parse_s3_url(source_.url);
  if (!address) co_return Failure{source_.url + " is no s3://BUCKET/PREFIX/"};
  Json params{{"Bucket", address->bucket}, {"Prefix", address->key}};
  const std::string service = "s3";
  const std::string operation = "ListObjectsV2";
  const aws::ApiResult listed = co_await parts_.client.call_all(service, operation, std::move(params));
  if (!listed.ok()) co_return Failure{listed.error().describe()};
  objects_.clear();
  std::string identity;
  for (const Json& object : listed->value("Contents", Json::array())) {
    const std::string key = object.value("Key", std::string());
    if (relative(key, address->key).empty()) continue;
    objects_.push_back(key);
    identity += key + "\n" + object.value("ETag", std::string()) + "\n";
  }
  if (objects_.empty()) co_return Failure{"there is nothing under " + source_.url};
  co_return aws::hex_encode(aws::sha256(identity)).substr(0, 40);
}

Task<Result<std::string, std::string>> ApplicationSync::newest() {
  if (source_.url.starts_with("s3://")) co_return co_await newest_objects();
  co_return co_await newest_commit();
}

Task<Status<std::string>> ApplicationSync::check_out(std::string version, std::string folder) {
  if (!source_.url.starts_with("s3://")) {
    const Status<FileError> made = parts_.files.make_directories(folder, 0755);
    if (!made.ok()) co_return Failure{made.error().message};
    std::vector<std::string> words = {
        "--git-dir=" + repository(), "--work-tree=" + folder, "checkout", "--quiet", "--force", version, "--", "."};
    co_return co_await git(std::move(words));
  }
  const ObjectAddress address = *parse_s3_url(source_.url);
  BucketStore store(parts_.client, address.bucket);
  const std::vector<std::string> keys = objects_;
  for (const std::string& key : keys) {
    const Result<std::optional<StoredObject>, std::string> object = co_await store.get(key);
    if (!object.ok()) co_return Failure{object.error()};
    if (!*object) co_return Failure{key + " has gone while the prefix was read"};
    const std::string path = folder + "/" + relative(key, address.key);
    Status<FileError> done = parts_.files.make_directories(directory_of(path), 0755);
    if (done.ok()) done = parts_.files.write_atomic(path, (*object)->content, 0644);
    if (!done.ok()) co_return Failure{done.error().message};
  }
  co_return Status<std::string>();
}

// The link is replaced by a rename: whoever follows it finds one version or the other, whole.
Status<std::string> ApplicationSync::switch_to(const std::string& version) {
  std::error_code error;
  const std::string link = source_.folder + "/current";
  const std::string next = link + ".next";
  fs::remove(next, error);
  fs::create_symlink("releases/" + version, next, error);
  if (!error) fs::rename(next, link, error);
  if (error) return Failure{link + ": " + error.message()};
  std::vector<std::pair<fs::file_time_type, fs::path>> older;
  for (const fs::directory_entry& each : fs::directory_iterator(source_.folder + "/releases", error)) {
    if (each.path().filename() != version) older.emplace_back(fs::last_write_time(each.path(), error), each.path());
  }
  std::sort(older.begin(), older.end());
  for (size_t i = 0; i + (kReleasesKept - 1) < older.size(); ++i) fs::remove_all(older[i].second, error);
  return {};
}

Task<Result<std::string, std::string>> ApplicationSync::step() {
  const Result<std::string, std::string> wanted = co_await newest();
  if (!wanted.ok()) co_return Failure{wanted.error()};
  std::error_code error;
  const fs::path current = fs::read_symlink(source_.folder + "/current", error);
  if (!error && current.filename() == *wanted) {
    version_ = *wanted;
    co_return version_;
  }
  const std::string folder = release(*wanted);
  const std::string partial = folder + ".partial";
  fs::remove_all(partial, error);
  fs::remove_all(folder, error);
  std::string version = *wanted;
  std::string into = partial;
  const Status<std::string> out = co_await check_out(std::move(version), std::move(into));
  if (!out.ok()) co_return Failure{out.error()};
  fs::rename(partial, folder, error);
  if (error) co_return Failure{folder + ": " + error.message()};
  const Status<std::string> switched = switch_to(*wanted);
  if (!switched.ok()) co_return Failure{switched.error()};
  version_ = *wanted;
  parts_.log.write(LogLevel::kInfo, "the applications are those of " + version_);
  co_return version_;
}

Task<void> ApplicationSync::keep() {
  while (true) {
    const Result<std::string, std::string> done = co_await step();
    const std::string problem = done.ok() ? "" : done.error();
    if (!problem.empty() && problem != problem_)
      parts_.log.write(LogLevel::kWarn, problem + "; the last good version stays");
    problem_ = problem;
    Duration pause = kEvery + std::chrono::duration_cast<Duration>(kSpread * parts_.random.uniform());
    co_await parts_.loop.sleep(pause);
  }
}

}  // namespace terrace::node
