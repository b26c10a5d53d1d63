#include "state/journal.h"

#include <fmt/format.h>

#include <map>

#include "state/json_text.h"

namespace terrace::state {

namespace {

constexpr int64_t kJournalVersion = 1;

// Builds one record as one line.
class Line {
 public:
  Line() { text_ = "{"; }
  void raw(std::string_view key, std::string_view json) {
    if (text_.size() > 1) text_ += ',';
    append_json_string(text_, key);
    text_ += ':';
    text_ += json;
  }
  void string(std::string_view key, std::string_view value) {
    raw(key, "");
    append_json_string(text_, value);
  }
  void address(const ResourceAddress& address, const std::string& provider) {
    if (!address.module.empty()) string("module", address.module);
    string("mode", address.mode == Mode::kData ? "data" : "managed");
    string("type", address.type);
    string("name", address.name);
    string("provider", provider);
  }
  void key(const InstanceKey& key) {
    if (const int64_t* number = std::get_if<int64_t>(&key))
      raw("index_key", std::to_string(*number));
    else if (const std::string* text = std::get_if<std::string>(&key))
      string("index_key", *text);
  }
  std::string end() && { return std::move(text_) + "}"; }

 private:
  std::string text_;
};

std::string outcome_json(const Outcome& outcome) {
  Line line;
  line.address(outcome.address, outcome.provider);
  if (outcome.object) {
    line.raw("object", instance_json(outcome.key, outcome.deposed, *outcome.object));
  } else {
    line.key(outcome.key);
    if (!outcome.deposed.empty()) line.string("deposed", outcome.deposed);
  }
  return std::move(line).end();
}

void read_address_member(JsonCursor& cursor, const std::string& name, ResourceAddress& address, std::string& provider,
                         InstanceKey& key) {
  if (name == "module")
    address.module = cursor.string();
  else if (name == "mode")
    address.mode = cursor.string() == "data" ? Mode::kData : Mode::kManaged;
  else if (name == "type")
    address.type = cursor.string();
  else if (name == "name")
    address.name = cursor.string();
  else if (name == "provider")
    provider = cursor.string();
  else if (name == "index_key" && cursor.peek() == '"')
    key = cursor.string();
  else if (name == "index_key")
    key = cursor.integer();
  else
    cursor.skip();
}

Intent read_intent(JsonCursor& cursor) {
  Intent intent;
  std::string name;
  cursor.begin_object();
  while (cursor.next_key(name)) {
    if (name == "token")
      intent.token = cursor.string();
    else if (name == "time")
      intent.time_s = cursor.integer();
    else if (name == "planned")
      intent.planned = cursor.raw();
    else if (name == "unknown")
      intent.unknown = cursor.raw();
    else if (name == "deposes")
      intent.deposes = cursor.boolean();
    else
      read_address_member(cursor, name, intent.address, intent.provider, intent.key);
  }
  return intent;
}

Outcome read_outcome(JsonCursor& cursor, State& pool_of) {
  Outcome outcome;
  std::string name;
  cursor.begin_object();
  while (cursor.next_key(name)) {
    if (name == "deposed")
      outcome.deposed = cursor.string();
    else if (name == "object") {
      std::string_view json = cursor.raw();
      if (!cursor.failed() && !parse_instance_json(json, pool_of, outcome.key, outcome.deposed, outcome.object))
        cursor.fail("an object that can't be read");
    } else
      read_address_member(cursor, name, outcome.address, outcome.provider, outcome.key);
  }
  return outcome;
}

}  // namespace

Journal::Journal(FileSystem& files, Loop& loop, std::string path, std::string lineage, int64_t serial)
    : files_(files), loop_(loop), path_(std::move(path)), lineage_(std::move(lineage)), serial_(serial) {}

Status<FileError> Journal::append(const std::string& line) {
  if (failure_) return Failure<FileError>{*failure_};
  std::string text;
  if (!file_) {
    Result<std::unique_ptr<AppendFile>, FileError> opened = files_.open_append(path_, 0600);
    if (!opened.ok()) {
      failure_ = opened.error();
      return Failure<FileError>{*failure_};
    }
    file_ = std::move(*opened);
    Line header;
    header.raw("journal", std::to_string(kJournalVersion));
    header.string("lineage", lineage_);
    header.raw("serial", std::to_string(serial_));
    text = std::move(header).end() + "\n";
  }
  text += line;
  text += '\n';
  Status<FileError> written = file_->append(text);
  if (!written.ok()) {
    // What follows a torn record could not be read, so nothing may.
    failure_ = written.error();
    return written;
  }
  ++appended_;
  return {};
}

Task<Status<FileError>> Journal::commit() {
  uint64_t mine = appended_;
  if (synced_ < mine) {
    Loop::Idle idle = loop_.when_idle();
    co_await idle;
  }
  if (failure_) co_return Failure<FileError>{*failure_};
  if (synced_ < mine) {
    uint64_t all = appended_;
    Status<FileError> status = file_->sync();
    if (!status.ok()) {
      failure_ = status.error();
      co_return status;
    }
    synced_ = all;
  }
  co_return Status<FileError>{};
}

Task<Status<FileError>> Journal::intend(Intent intent) {
  Line body;
  body.address(intent.address, intent.provider);
  body.key(intent.key);
  body.string("token", intent.token);
  body.raw("time", std::to_string(intent.time_s));
  body.raw("planned", intent.planned);
  body.raw("unknown", intent.unknown.empty() ? "[]" : intent.unknown);
  if (intent.deposes) body.raw("deposes", "true");
  Line line;
  line.raw("intent", std::move(body).end());
  Status<FileError> status = append(std::move(line).end());
  if (!status.ok()) co_return status;
  Task<Status<FileError>> committed = commit();
  co_return co_await committed;
}

Status<FileError> Journal::record(const std::vector<Outcome>& outcomes, const std::string& token) {
  std::string list = "[";
  for (const Outcome& outcome : outcomes) {
    if (list.size() > 1) list += ',';
    list += outcome_json(outcome);
  }
  list += ']';
  Line line;
  if (!token.empty()) line.string("token", token);
  line.raw("outcomes", list);
  return append(std::move(line).end());
}

Status<FileError> Journal::finish() {
  if (!file_) return {};
  file_.reset();
  return files_.remove(path_);
}

Checked<JournalContent> parse_journal(std::string_view text, const std::string& path, State& pool_of) {
  Checked<JournalContent> result;
  JournalContent& journal = result.value;
  std::map<std::string, Intent> open;
  std::vector<std::string> order;
  size_t number = 0;
  while (!text.empty()) {
    size_t newline = text.find('\n');
    if (newline == std::string_view::npos) break;  // torn: what it would have said was never acknowledged
    std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline + 1);
    ++number;
    JsonCursor cursor(line);
    std::string name;
    std::string token;
    cursor.begin_object();
    while (cursor.next_key(name)) {
      if (name == "journal") {
        if (cursor.integer() != kJournalVersion) cursor.fail("a newer release wrote this journal");
      } else if (name == "lineage")
        journal.lineage = cursor.string();
      else if (name == "serial")
        journal.serial = cursor.integer();
      else if (name == "token")
        token = cursor.string();
      else if (name == "intent") {
        Intent intent = read_intent(cursor);
        order.push_back(intent.token);
        open[intent.token] = std::move(intent);
      } else if (name == "outcomes") {
        cursor.begin_array();
        while (cursor.next_element()) journal.outcomes.push_back(read_outcome(cursor, pool_of));
      } else
        cursor.skip();
    }
    cursor.end();
    if (cursor.failed()) {
      if (text.empty()) break;  // the last line, torn by a power failure
      result.diagnostics.error(
          "Unreadable journal",
          fmt::format(
              "Line {} of {}, the journal that an interrupted run left, could not be read: {}. It names objects that "
              "this run would otherwise lose. Restore the file, or, once you have made sure that every object it "
              "names is in the state, delete it.",
              number, path, cursor.error()));
      return result;
    }
    ++journal.records;
    if (!token.empty()) open.erase(token);
  }
  for (const std::string& token : order) {
    auto intent = open.find(token);
    if (intent == open.end()) continue;
    journal.open.push_back(std::move(intent->second));
    open.erase(intent);
  }
  return result;
}

Diagnostics replay(JournalContent& journal, const std::string& path, State& state) {
  Diagnostics diagnostics;
  if (journal.records == 0) return diagnostics;
  if (!state.lineage.empty() && state.lineage != journal.lineage) {
    diagnostics.error(
        "Journal of another state",
        fmt::format("{} was left by an interrupted run on a state with lineage {}, and the state here has lineage "
                    "{}. Put back the state it belongs to, or move the journal away.",
                    path, journal.lineage, state.lineage));
    return diagnostics;
  }
  if (state.serial > journal.serial) return diagnostics;
  state.lineage = journal.lineage;
  for (Outcome& outcome : journal.outcomes) {
    Instance& instance = state.at(outcome.address, outcome.key, outcome.provider);
    if (!outcome.deposed.empty()) {
      if (outcome.object)
        instance.deposed[outcome.deposed] = outcome.object;
      else
        instance.deposed.erase(outcome.deposed);
    } else {
      instance.current = outcome.object;
    }
    state.prune(outcome.address, outcome.key);
  }
  return diagnostics;
}

}  // namespace terrace::state
