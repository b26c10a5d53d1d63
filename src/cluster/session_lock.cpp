#include "cluster/session_lock.h"

#include <nlohmann/json.hpp>

#include "cluster/objects.h"

namespace terrace::cluster {

using Json = nlohmann::ordered_json;

std::string session_lock_json(const SessionLock& lock) {
  Json json = {{"id", lock.id}, {"who", lock.who}, {"created", lock.created}, {"why", lock.why}};
  return json.dump(2) + "\n";
}

SessionLock parse_session_lock(std::string_view text) {
  SessionLock lock;
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return lock;
  auto take = [&](const char* name, std::string& target) {
    auto found = json.find(name);
    if (found != json.end() && found->is_string()) target = found->get<std::string>();
  };
  take("id", lock.id);
  take("who", lock.who);
  take("created", lock.created);
  take("why", lock.why);
  return lock;
}

std::string describe(const SessionLock& lock) {
  std::string text = lock.who.empty() ? "somebody who left no name" : lock.who;
  if (!lock.created.empty()) text += " since " + lock.created;
  if (!lock.why.empty()) text += " (" + lock.why + ")";
  return text;
}

Task<Result<std::optional<SessionLock>, aws::ApiError>> read_session_lock(aws::Backend& backend, std::string bucket) {
  std::string key = kSessionLockKey;
  Result<std::optional<StoredObject>, aws::ApiError> object =
      co_await read_object(backend, std::move(bucket), std::move(key));
  if (!object) co_return Failure<aws::ApiError>{object.error()};
  std::optional<SessionLock> lock;
  if (object->has_value()) lock = parse_session_lock((*object)->body);
  co_return lock;
}

Task<Result<SessionLock, aws::ApiError>> take_session_lock(aws::Backend& backend, std::string bucket,
                                                           SessionLock wanted) {
  // The first answer may be lost, and a lock may go between the two questions: whose it is, is read every time.
  for (int round = 0; round < 3; ++round) {
    std::string key = kSessionLockKey;
    std::string body = session_lock_json(wanted);
    std::string type = "application/json";
    Result<bool, aws::ApiError> written =
        co_await write_object(backend, bucket, std::move(key), std::move(body), Overwrite::kNever, std::move(type));
    if (!written) co_return Failure<aws::ApiError>{written.error()};
    if (*written) co_return wanted;
    Result<std::optional<SessionLock>, aws::ApiError> held = co_await read_session_lock(backend, bucket);
    if (!held) co_return Failure<aws::ApiError>{held.error()};
    if (held->has_value()) co_return std::move(**held);
  }
  aws::ApiError error;
  error.kind = aws::ApiError::Kind::kResponse;
  error.message = "the lock is taken and given up again all the time; try later";
  co_return Failure<aws::ApiError>{error};
}

Task<Result<bool, aws::ApiError>> remove_session_lock(aws::Backend& backend, std::string bucket, std::string id) {
  Result<std::optional<SessionLock>, aws::ApiError> held = co_await read_session_lock(backend, bucket);
  if (!held) co_return Failure<aws::ApiError>{held.error()};
  if (!held->has_value() || (*held)->id != id) co_return false;
  std::string key = kSessionLockKey;
  Result<bool, aws::ApiError> removed = co_await remove_object(backend, std::move(bucket), std::move(key));
  co_return removed;
}

}  // namespace terrace::cluster
