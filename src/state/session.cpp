#include "state/session.h"

#include <fmt/format.h>

namespace terrace::state {

StateSession::StateSession(StateStore& store, FileSystem& files, Loop& loop, Random& random, std::string emergency_path,
                           std::function<void(const std::string&)> print)
    : store_(store),
      files_(files),
      loop_(loop),
      random_(random),
      emergency_path_(std::move(emergency_path)),
      print_(std::move(print)) {}

Task<Diagnostics> StateSession::open() {
  Task<Checked<std::optional<std::string>>> reading = store_.read();
  Checked<std::optional<std::string>> text = co_await reading;
  Diagnostics diagnostics = std::move(text.diagnostics);
  if (diagnostics.has_errors()) co_return diagnostics;
  if (text.value) {
    Checked<State> parsed = parse_state(*text.value, store_.name());
    diagnostics.append(std::move(parsed.diagnostics));
    if (diagnostics.has_errors()) co_return diagnostics;
    state_ = std::move(parsed.value);
  }
  stored_ = state_;
  Result<std::string, FileError> journal = files_.read(store_.journal_path());
  if (!journal.ok()) {
    if (!journal.error().not_found()) diagnostics.error("Unreadable journal", journal.error().message + ".");
    co_return diagnostics;
  }
  Checked<JournalContent> content = parse_journal(*journal, store_.journal_path(), state_);
  diagnostics.append(std::move(content.diagnostics));
  if (diagnostics.has_errors()) co_return diagnostics;
  journal_content_ = std::move(content.value);
  diagnostics.append(replay(journal_content_, store_.journal_path(), state_));
  has_leftovers_ = true;
  co_return diagnostics;
}

Task<Diagnostics> StateSession::settle() {
  if (!has_leftovers_) co_return Diagnostics{};
  Task<Diagnostics> saving = save();
  Diagnostics diagnostics = co_await saving;
  if (diagnostics.has_errors()) co_return diagnostics;
  Status<FileError> removed = files_.remove(store_.journal_path());
  if (!removed.ok()) diagnostics.error("Journal not removed", removed.error().message + ".");
  has_leftovers_ = false;
  journal_content_ = {};
  co_return diagnostics;
}

Journal& StateSession::journal() {
  if (!journal_) {
    if (state_.lineage.empty()) state_.lineage = random_.uuid();
    journal_ = std::make_unique<Journal>(files_, loop_, store_.journal_path(), state_.lineage, stored_.serial);
  }
  return *journal_;
}

Diagnostics StateSession::save_elsewhere(const std::string& text) {
  Diagnostics diagnostics;
  Status<FileError> written = files_.write_atomic(emergency_path_, text, 0600);
  if (written.ok()) {
    diagnostics.error(
        "Failed to persist state to backend",
        fmt::format("The state was written to {} in the working directory instead. Nothing is lost: mend what the "
                    "message above names, then run \"terrace state push {}\". Until then no other plan may run.",
                    emergency_path_, emergency_path_));
    return diagnostics;
  }
  if (print_) print_(text);
  diagnostics.error(
      "Failed to persist state to backend",
      fmt::format("{} could not be written either: {}. The state was printed instead, between the lines of this "
                  "run's output. Keep it: save it as a file and run \"terrace state push FILE\" once there is "
                  "space.",
                  emergency_path_, written.error().message));
  return diagnostics;
}

Task<Diagnostics> StateSession::save() {
  Diagnostics diagnostics;
  if (!same_content(state_, stored_)) {
    if (state_.lineage.empty()) state_.lineage = random_.uuid();
    state_.serial = stored_.serial + 1;
    std::string text = serialize_state(state_);
    Task<Diagnostics> writing = store_.write(text);
    diagnostics = co_await writing;
    if (diagnostics.has_errors()) {
      diagnostics.append(save_elsewhere(text));
      co_return diagnostics;
    }
    stored_ = state_;
    written_ = true;
  }
  if (journal_) {
    Status<FileError> removed = journal_->finish();
    if (!removed.ok()) diagnostics.error("Journal not removed", removed.error().message + ".");
    journal_.reset();
  }
  co_return diagnostics;
}

}  // namespace terrace::state
