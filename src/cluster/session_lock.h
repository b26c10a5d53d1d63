// The lock on a whole cluster: one object in its config bucket, made by conditional write, so that of two operators one
// gets it. Every command that changes the cluster asks for it first; session shows, takes and gives it up.
#pragma once

#include <optional>
#include <string>

#include "aws/backend.h"

namespace terrace::cluster {

inline constexpr const char* kSessionLockKey = "session-lock.json";

struct SessionLock {
  std::string id;       // a UUID: only its own holder's unlock removes it
  std::string who;      // user@host
  std::string created;  // RFC 3339
  std::string why;      // what the operator wrote, or empty
};

std::string session_lock_json(const SessionLock& lock);
// Fields that cannot be read stay empty.
SessionLock parse_session_lock(std::string_view json);

// "ada@tower since 2026-11-24T06:00:00Z (rolling etcd)"
std::string describe(const SessionLock& lock);

// The lock that lies in `bucket`; nothing without one, and nothing where the bucket does not exist.
Task<Result<std::optional<SessionLock>, aws::ApiError>> read_session_lock(aws::Backend& backend, std::string bucket);

// Writes the lock if there is none (If-None-Match: *). Gives what lies there now: `wanted`, or another's.
Task<Result<SessionLock, aws::ApiError>> take_session_lock(aws::Backend& backend, std::string bucket,
                                                           SessionLock wanted);

// Removes the lock if it is still the one called `id`: all of its versions, so that the bucket can be emptied.
Task<Result<bool, aws::ApiError>> remove_session_lock(aws::Backend& backend, std::string bucket, std::string id);

}  // namespace terrace::cluster
