// The write-ahead log of an apply: what is about to be created, and what came of every change, as lines appended to a
// file beside the state. Apply writes it, whoever opens a state reads what a killed run left of it. The format is
// described in docs/decisions/0003-the-journal-file.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/loop.h"
#include "state/state.h"

namespace terrace::state {

// A create that is about to be requested.
struct Intent {
  ResourceAddress address;
  InstanceKey key;
  std::string provider;  // as the state writes it
  std::string token;     // a UUID, given to the provider
  int64_t time_s = 0;    // wall clock, seconds since 1970
  std::string planned;   // the planned object as stored attributes are; null where unknown
  std::string unknown;   // JSON array of the paths that are unknown
  bool deposes = false;  // the object then takes the place of one that is deposed: create before destroy
};

// An object at its place after a change; no object where it is gone.
struct Outcome {
  ResourceAddress address;
  InstanceKey key;
  std::string deposed;
  std::string provider;
  ObjectPtr object;
};

// Appends records. All that are appended while the loop is busy share one sync when it becomes idle.
class Journal {
 public:
  // The file is made with the first record; `lineage` and `serial` are those of the state it belongs to.
  Journal(FileSystem& files, Loop& loop, std::string path, std::string lineage, int64_t serial);

  // Returns when the intent is on disk. An error means that the create must not be requested.
  Task<Status<FileError>> intend(Intent intent);
  // Appends the outcomes of one change as one record; `token` is the intent's that they end, or empty. Not synced by
  // itself: what a power failure takes of it, the next run finds out from the intent or by reading the object.
  Status<FileError> record(const std::vector<Outcome>& outcomes, const std::string& token);
  // After the state has been written: the file goes.
  Status<FileError> finish();
  const std::string& path() const { return path_; }

 private:
  Status<FileError> append(const std::string& line);
  Task<Status<FileError>> commit();

  FileSystem& files_;
  Loop& loop_;
  std::string path_;
  std::string lineage_;
  int64_t serial_;
  std::unique_ptr<AppendFile> file_;
  uint64_t appended_ = 0;  // records
  uint64_t synced_ = 0;
  std::optional<FileError> failure_;
};

// What a journal of a killed run says.
struct JournalContent {
  std::string lineage;
  int64_t serial = 0;
  std::vector<Outcome> outcomes;  // in the order they were made
  std::vector<Intent> open;       // intents without an outcome
  size_t records = 0;
};

// A last line that was not written whole is left out; one in the middle that can't be read is an error.
Checked<JournalContent> parse_journal(std::string_view text, const std::string& path, State& pool_of);

// Puts the outcomes into `state`, which the run that wrote the journal began with. A state that was written since
// (a higher serial) holds them already; one of another lineage is an error, and nothing is changed.
Diagnostics replay(JournalContent& journal, const std::string& path, State& state);

}  // namespace terrace::state
