// One run's hold on a state: opened once, changed in memory, journaled on the way, written once. Plan, apply and the
// state commands go through it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "state/journal.h"
#include "state/state.h"
#include "state/state_store.h"

namespace terrace::state {

class StateSession {
 public:
  // `emergency_path` is where the state goes when the store can't take it: errored.tfstate in the working directory.
  // `print` is given the whole state when even that can't be written.
  StateSession(StateStore& store, FileSystem& files, Loop& loop, Random& random,
               std::string emergency_path = "errored.tfstate", std::function<void(const std::string&)> print = {});

  // Takes the store's lock. Not called with -lock=false.
  Task<Diagnostics> lock(std::string operation, Duration timeout) { return store_.lock(std::move(operation), timeout); }
  Task<Diagnostics> unlock() { return store_.unlock(); }

  // Reads the state and puts what a killed run's journal says into it. Intents whose outcome nobody knows are then in
  // open_intents(): the planner settles them with the providers, everyone else leaves them alone.
  Task<Diagnostics> open();

  State& state() { return state_; }
  const State& state() const { return state_; }
  StateStore& store() { return store_; }
  std::vector<Intent>& open_intents() { return journal_content_.open; }
  // True when open() found a journal whose outcomes or intents the state file does not have yet.
  bool has_leftovers() const { return has_leftovers_; }
  // After the open intents are settled: writes the state where it changed, then removes the old journal.
  Task<Diagnostics> settle();

  // The journal of this run's changes, made with the first one. The lineage is fixed by then.
  Journal& journal();

  // Writes the state if its content differs from what was read, with a serial one higher, and removes the journal.
  // Where the store can't take it: errored.tfstate, or printed, and an error that says so. The journal then stays.
  Task<Diagnostics> save();
  // Did save() or settle() write anything?
  bool written() const { return written_; }

 private:
  Diagnostics save_elsewhere(const std::string& text);

  StateStore& store_;
  FileSystem& files_;
  Loop& loop_;
  Random& random_;
  std::string emergency_path_;
  std::function<void(const std::string&)> print_;
  State state_;
  State stored_;  // as the store has it
  JournalContent journal_content_;
  std::unique_ptr<Journal> journal_;
  bool has_leftovers_ = false;
  bool written_ = false;
};

}  // namespace terrace::state
