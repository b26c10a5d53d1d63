// lab: a cluster on this machine. Instances of an emulated AWS become network namespaces that run the agent and real
// etcd; whatever can happen to them can be made to happen.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <ncurses.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/table.h"
#include "lab/hub.h"
#include "lab/namespaces.h"
#include "lab/wires.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::json;

constexpr const char* kDirectory = "terrace-lab";
constexpr const char* kCluster = "lab";
constexpr const char* kRegion = "us-west-2";
constexpr Duration kAsk = std::chrono::milliseconds(300);
constexpr Duration kStartPatience = std::chrono::seconds(90);
constexpr int kMostWorkers = 20;

volatile sig_atomic_t g_interrupted = 0;

extern "C" void note_interrupt(int) {
  g_interrupted = 1;
}

// While it lives Ctrl-C and SIGTERM are noted and end nothing.
class Interrupts {
 public:
  Interrupts() {
    g_interrupted = 0;
    struct sigaction action {};
    action.sa_handler = note_interrupt;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
  }
  ~Interrupts() {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
  }
  bool noted() const { return g_interrupted != 0; }
};

std::string own_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

// Where a program is: beside this one, else on PATH; empty where it is not.
std::string find_program(Context& context, const std::string& name) {
  std::string folders = directory_of(own_program()) + ":" + context.environment.get("PATH");
  for (size_t at = 0; at <= folders.size();) {
    const size_t colon = std::min(folders.find(':', at), folders.size());
    const std::string path = join_path(folders.substr(at, colon - at), name);
    at = colon + 1;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

// The environment of what runs inside: this one's, with the lab's API in the place of AWS.
std::vector<std::string> inner_environment(Context& context) {
  std::map<std::string, std::string> variables = context.environment.all();
  std::erase_if(variables, [](const auto& each) {
    std::string name = each.first;
    for (char& letter : name) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return name.starts_with("aws_") || name.ends_with("_proxy") || name.starts_with("tf_");
  });
  variables["AWS_ENDPOINT_URL"] = lab::kApiUrl;
  variables["AWS_ACCESS_KEY_ID"] = "lab";
  variables["AWS_SECRET_ACCESS_KEY"] = "lab";
  variables["AWS_REGION"] = kRegion;
  variables["AWS_CONFIG_FILE"] = variables["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
  variables["AWS_EC2_METADATA_DISABLED"] = "true";
  variables["NO_PROXY"] = "*";
  std::vector<std::string> out;
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  return out;
}

// Sets `name` in a file of values, in the place of its line or of the commented line that shows its default.
std::string with_value(const std::string& text, const std::string& name, const std::string& value) {
  std::string out;
  bool done = false;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    std::string bare = line.starts_with("# ") ? line.substr(2) : line;
    const bool is_it = bare.starts_with(name) && bare.find_first_not_of(' ', name.size()) == bare.find('=');
    if (is_it && !done) {
      line = name + " = " + value;
      done = true;
    }
    out += line + "\n";
  }
  if (!done) out += name + " = " + value + "\n";
  return out;
}

// A lab, as its directory tells of it.
class Lab {
 public:
  Lab(Context& context, const std::string& directory)
      : context_(context), directory_(std::filesystem::absolute(directory).lexically_normal().string()) {}

  const std::string& directory() const { return directory_; }
  std::string cluster() const { return directory_ + "/" + kCluster; }
  std::string log() const { return directory_ + "/lab.log"; }
  bool exists() const { return context_.files.exists(lab::record_path(directory_)); }

  // The hub's process; 0 where it has ended.
  pid_t hub() const {
    const Result<std::string, FileError> text = context_.files.read(lab::record_path(directory_));
    if (!text.ok()) return 0;
    const Json record = Json::parse(*text, nullptr, false);
    if (!record.is_object()) return 0;
    const pid_t pid = record.value("pid", 0);
    const bool same = pid > 0 && lab::start_of(pid) != 0 && lab::start_of(pid) == record.value("start", uint64_t{0});
    return same ? pid : 0;
  }

  // Into its network, from where its controls can be reached. False after an error was shown.
  bool enter() {
    const pid_t pid = hub();
    if (pid == 0) {
      context_.fail(exists() ? "The lab has ended" : "There is no lab",
                    exists()
                        ? "Its process was killed; what it left lies in " + directory_ +
                              ". \"terrace lab down\" clears it, \"terrace lab up\" makes another."
                        : directory_ + " holds none. \"terrace lab up\" makes one; -dir=DIR names another directory.");
      return false;
    }
    const Status<std::string> joined = lab::join_network(pid);
    if (!joined.ok()) context_.fail("The lab cannot be entered", joined.error());
    return joined.ok();
  }

  // Turns one of the hub's controls. The error says why nothing was done.
  Result<Json, std::string> control(const std::string& method, const std::string& path) {
    HttpRequest request;
    request.method = method;
    request.url = std::string("http://") + lab::kControlAddress + path;
    request.use_proxy = false;
    request.timeout = std::chrono::seconds(30);
    const HttpResult answer = context_.loop.run(context_.network.send(std::move(request)));
    if (!answer.ok()) return Failure{answer.error().message};
    if (answer->status != 200) return Failure{answer->body};
    return Json::parse(answer->body, nullptr, false);
  }

  // Runs a program inside, by default in the cluster's directory.
  Result<int, std::string> run(const std::vector<std::string>& arguments, const std::string& network = {},
                               std::string directory = {}) {
    if (directory.empty()) directory = cluster();
    return lab::run_inside(hub(), network, directory, arguments, inner_environment(context_));
  }

  // Ends the hub, and with it everything inside; then removes the directory.
  bool clear() {
    if (const pid_t pid = hub(); pid != 0) {
      ::kill(pid, SIGKILL);
      while (hub() == pid) {
        ::waitpid(pid, nullptr, WNOHANG);  // where it is a child of this process
        ::usleep(5000);
      }
    }
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
    if (error) context_.fail("The lab's directory cannot be removed", directory_ + ": " + error.message());
    return !error;
  }

 private:
  Context& context_;
  std::string directory_;
};

bool is_root(Context& context) {
  if (::geteuid() == 0) return true;
  context.fail(
      "The lab needs root",
      "It makes network and process namespaces of its own, and touches nothing outside of them. Run it as root: "
      "sudo terrace lab ...");
  return false;
}

Flags& with_directory(Flags& flags, std::string* directory) {
  return flags.text("dir", directory, "DIR", "The lab's directory. Defaults to terrace-lab.");
}

// ---- status -------------------------------------------------------------------------------------------------------

std::string etcd_role(const Json& node) {
  const Json& health = node["health"];
  if (!health.is_object() || !health.contains("etcd")) return "-";
  const Json& etcd = health["etcd"];
  if (!etcd.contains("action")) return etcd.value("reached", false) ? "reaches it" : "away";
  if (etcd.value("leader", false)) return "leader";
  if (etcd.value("learner", false)) return "learner";
  return etcd.value("running", false) ? "follower" : "-";
}

std::string why_of(const Json& node) {
  const Json& health = node["health"];
  if (node["state"] == "well" || !health.is_object() || !health.contains("etcd")) return "";
  const Json& etcd = health["etcd"];
  const std::string error = etcd.value("error", std::string());
  return error.empty() ? etcd.value("why", std::string()) : error;
}

std::string number_of(const Json& node, const char* key) {
  const Json& health = node["health"];
  const bool known = health.is_object() && health.contains("etcd") && health["etcd"].value(key, uint64_t{0}) != 0;
  return known ? std::to_string(health["etcd"][key].get<uint64_t>()) : "-";
}

std::string status_text(const Json& status, bool color) {
  std::vector<std::vector<std::string>> rows = {
      {"NODE", "INSTANCE", "ADDRESS", "STATE", "ETCD", "TERM", "INDEX", "LAG", "BOOTS", ""}};
  int well = 0;
  for (const Json& node : status["nodes"]) {
    well += node["state"] == "well" ? 1 : 0;
    rows.push_back({node["name"], node["id"], node["address"], node["state"], etcd_role(node), number_of(node, "term"),
                    number_of(node, "index"), node.contains("lag") ? std::to_string(node["lag"].get<uint64_t>()) : "-",
                    std::to_string(node["boots"].get<int>()), why_of(node)});
  }
  std::string out = fmt::format("{} of {} nodes are well; the API is {}\n\n{}\n", well, status["nodes"].size(),
                                status["api"].get<std::string>(), table_text(rows, color));
  for (const Json& event : status["events"])
    out += fmt::format("{}  {}\n", event["time"].get<std::string>().substr(11, 8), event["text"].get<std::string>());
  return out;
}

// The picture, drawn again until q or Ctrl-C.
int watch(Context& context, Lab& lab) {
  Interrupts interrupts;
  if (newterm(nullptr, stdout, stdin) == nullptr)
    return context.fail("This terminal cannot be drawn on", "Without -watch the picture is printed once.");
  noecho();
  curs_set(0);
  timeout(1000);
  std::string problem;
  while (!interrupts.noted() && problem.empty()) {
    const Result<Json, std::string> status = lab.control("GET", "/status");
    if (!status.ok()) {
      problem = status.error();
      break;
    }
    erase();
    addstr(status_text(*status, false).c_str());
    refresh();
    if (getch() == 'q') break;
  }
  endwin();
  return problem.empty() ? 0 : context.fail("The lab does not answer", problem);
}

int status_subcommand(Context& context, const Arguments& arguments) {
  std::string directory = kDirectory;
  bool json = false;
  bool watching = false;
  Flags flags("lab status [options]", "Shows the lab's nodes, what etcd is on each, and what happened last.");
  with_directory(flags, &directory);
  flags.boolean("json", &json, "Write it as JSON.");
  flags.boolean("watch", &watching, "Draw it again each second, until q or Ctrl-C.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (!is_root(context)) return 1;
  Lab lab(context, directory);
  if (!lab.enter()) return 1;
  if (watching) return watch(context, lab);
  const Result<Json, std::string> status = lab.control("GET", "/status");
  if (!status.ok()) return context.fail("The lab does not answer", status.error() + "\nIts log: " + lab.log());
  context.print(json ? status->dump(2) + "\n" : status_text(*status, context.terminal.color()));
  return 0;
}

// ---- up and down --------------------------------------------------------------------------------------------------

class Up {
 public:
  Up(Context& context, Lab& lab, int size, int workers)
      : context_(context), lab_(lab), size_(size), workers_(workers) {}

  int run() {
    const int code = make();
    if (interrupts_.noted()) {
      context_.print("Interrupted: the lab is taken down.\n");
      lab_.clear();
      return 130;
    }
    if (code != 0 && !keep_) lab_.clear();
    return code;
  }

 private:
  int make() {
    if (!check()) return 1;
    if (!start_hub()) return 1;
    if (!make_cluster()) return 1;
    return await_nodes();
  }

  bool check() {
    for (const char* tool : {"ip", "moto_server", "etcd", "etcdctl", "terraced"}) {
      if (!find_program(context_, tool).empty()) continue;
      context_.fail(std::string(tool) + " is not here",
                    "The lab needs Debian's packages iproute2, etcd-server and etcd-client, moto's moto_server on PATH "
                    "(pip install "
                    "\"moto[server]\"), and terraced beside terrace. \"./terrace-dev lab\" brings all of them.");
      keep_ = true;
      return false;
    }
    if (lab_.hub() != 0) {
      context_.fail("There is a lab already",
                    lab_.directory() +
                        " holds one that is up. \"terrace lab status\" shows it, \"terrace lab "
                        "down\" ends it; another needs another -dir.");
      keep_ = true;
      return false;
    }
    if (lab_.exists()) {
      context_.print("Clearing what a killed lab left in " + lab_.directory() + ".\n");
      return lab_.clear();
    }
    if (context_.files.exists(lab_.directory())) {
      context_.fail("The lab's directory is in the way",
                    lab_.directory() + " is there, and no lab made it. Choose another: -dir=DIR.");
      keep_ = true;
      return false;
    }
    return true;
  }

  bool start_hub() {
    const Status<FileError> made = context_.files.make_directories(lab_.directory(), 0700);
    if (!made.ok()) return context_.fail("The lab's directory cannot be made", made.error().message) == 0;
    lab::Contained hub;
    hub.arguments = {own_program(), "lab", "hub", "-dir=" + lab_.directory(),
                     "-terraced=" + find_program(context_, "terraced")};
    hub.environment = inner_environment(context_);
    hub.directory = lab_.directory();
    hub.log = lab_.log();
    const Result<pid_t, std::string> started = lab::start_contained(hub);
    if (!started.ok()) return context_.fail("The lab cannot be started", started.error()) == 0;
    const Json record = {{"pid", *started}, {"start", lab::start_of(*started)}};
    const Status<FileError> written =
        context_.files.write_atomic(lab::record_path(lab_.directory()), record.dump() + "\n", 0600);
    if (!written.ok()) {
      ::kill(*started, SIGKILL);
      return context_.fail("The lab cannot be started", written.error().message) == 0;
    }
    const Duration end = context_.clock.monotonic() + kStartPatience;
    bool joined = false;
    while (!interrupts_.noted()) {
      ::waitpid(*started, nullptr, WNOHANG);
      if (lab_.hub() == 0 || context_.clock.monotonic() >= end) {
        const Result<std::string, FileError> log = context_.files.read(lab_.log());
        return context_.fail("The lab did not start", log.ok() ? *log : log.error().message) == 0;
      }
      if (!joined) joined = lab::join_network(*started).ok();
      if (joined && lab_.control("GET", "/status").ok()) {
        show_events();
        return true;
      }
      ::usleep(50000);
    }
    return false;
  }

  bool step(const std::vector<std::string>& arguments, const std::string& directory) {
    if (interrupts_.noted()) return false;
    std::vector<std::string> words = {own_program()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const Result<int, std::string> code = lab_.run(words, {}, directory);
    if (!code.ok()) return context_.fail("Running terrace in the lab", code.error()) == 0;
    return *code == 0;
  }

  bool make_cluster() {
    if (!step({"new", kCluster, "-region", kRegion, "-allow-ssh-cidr", "192.0.2.1/32"}, lab_.directory())) return false;
    const std::string path = lab_.cluster() + "/cluster.tfvars";
    Result<std::string, FileError> values = context_.files.read(path);
    if (!values.ok()) return context_.fail("The lab's cluster", values.error().message) == 0;
    std::string text = with_value(*values, "etcd_size", std::to_string(size_));
    text = with_value(text, "worker_size",
                      fmt::format("{{ min = 0, desired = {}, max = {} }}", workers_, std::max(workers_, kMostWorkers)));
    text = with_value(text, "image_id", "\"ami-0123456789abcdef0\"");
    text = with_value(text, "buckets_force_destroy", "true");
    const Status<FileError> written = context_.files.write_atomic(path, text);
    if (!written.ok()) return context_.fail("The lab's cluster", written.error().message) == 0;
    return step({"up", "-auto-approve", "etcd", "worker"}, lab_.cluster());
  }

  void show_events() {
    const Result<Json, std::string> events = lab_.control("GET", fmt::format("/events?since={}", shown_));
    if (!events.ok()) return;
    for (const Json& event : *events) {
      shown_ = event["number"];
      context_.print(
          fmt::format("{}  {}\n", event["time"].get<std::string>().substr(11, 8), event["text"].get<std::string>()));
    }
  }

  int await_nodes() {
    keep_ = true;
    const Duration end = context_.clock.monotonic() + std::chrono::minutes(5);
    while (!interrupts_.noted()) {
      show_events();
      const Result<Json, std::string> status = lab_.control("GET", "/status");
      if (!status.ok()) return context_.fail("The lab does not answer", status.error());
      const auto well = std::count_if((*status)["nodes"].begin(), (*status)["nodes"].end(),
                                      [](const Json& node) { return node["state"] == "well"; });
      if (well == size_ + workers_) {
        context_.print("\n" + status_text(*status, context_.terminal.color()));
        context_.print(fmt::format(
            "\nThe lab is up. In {} lies its cluster; \"terrace lab exec terrace status\" runs terrace there.\n"
            "Try: terrace lab kill leader; terrace lab wipe follower; terrace lab scale 5; terrace lab status -watch\n"
            "\"terrace lab down\" takes all of it away.\n",
            lab_.cluster()));
        return 0;
      }
      if (context_.clock.monotonic() >= end) {
        context_.print(status_text(*status, context_.terminal.color()));
        return context_.fail("Not every node is well",
                             "After five minutes. The lab stays up for a look; the nodes' logs are " +
                                 lab_.directory() + "/nodes/*/log.");
      }
      context_.loop.run(sleep(kAsk));
    }
    return 1;
  }

  Task<void> sleep(Duration length) { co_await context_.loop.sleep(length); }

  Context& context_;
  Lab& lab_;
  int size_;
  int workers_;
  Interrupts interrupts_;
  bool keep_ = false;  // a failure leaves the directory as it is
  uint64_t shown_ = 0;
};

int up_subcommand(Context& context, const Arguments& arguments) {
  std::string directory = kDirectory;
  int size = 3;
  int workers = 1;
  Flags flags(
      "lab up [options]",
      "Makes a cluster on this machine: an emulated AWS, the platform's etcd and worker stacks on it, and for each "
      "instance a network namespace that runs the agent and real etcd. Nothing of it reaches the host's network.");
  with_directory(flags, &directory);
  flags.integer("size", &size, "N", "Members of etcd: 1, 3, 5, 7 or 9. Defaults to 3.");
  flags.integer("workers", &workers, "N", "Workers. Defaults to 1.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (size < 1 || size > 9 || size % 2 == 0)
    return context.fail("No etcd is of that size", "-size must be 1, 3, 5, 7 or 9.");
  if (workers < 0 || workers > kMostWorkers)
    return context.fail("So many workers are not made", fmt::format("-workers must be from 0 to {}.", kMostWorkers));
  if (!is_root(context)) return 1;
  Lab lab(context, directory);
  return Up(context, lab, size, workers).run();
}

int down_subcommand(Context& context, const Arguments& arguments) {
  std::string directory = kDirectory;
  Flags flags("lab down [options]", "Ends the lab and removes its directory. What a killed lab left is removed, too.");
  with_directory(flags, &directory);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (!is_root(context)) return 1;
  Lab lab(context, directory);
  if (!lab.exists()) {
    context.print("There is no lab in " + lab.directory() + ".\n");
    return 0;
  }
  if (!lab.clear()) return 1;
  context.print("The lab is gone.\n");
  return 0;
}

// The hub itself; "lab up" starts it in namespaces of its own.
int hub_subcommand(Context& context, const Arguments& arguments) {
  lab::HubOptions options;
  Flags flags("lab hub [options]", "The lab's own process, which \"terrace lab up\" starts.");
  flags.text("dir", &options.directory, "DIR", "The lab's directory.");
  flags.text("terraced", &options.terraced, "FILE", "The agent.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (::getpid() != 1)
    return context.fail("This is not a lab's namespace", "\"terrace lab up\" makes one, and runs this command in it.");
  options.path = context.environment.get("PATH");
  lab::Hub hub({context.clock, context.files, context.random, context.loop, context.network}, std::move(options));
  return hub.run();
}

// ---- What can be made to happen -------------------------------------------------------------------------------------

int act(Context& context, const Arguments& arguments, const std::string& verb, const std::string& description,
        bool needs_nodes = true, bool can_stay = false) {
  std::string directory = kDirectory;
  bool stay = false;
  Flags flags("lab " + verb + " [options] NODE...", description);
  with_directory(flags, &directory);
  if (can_stay) flags.boolean("stay", &stay, "Leave it down, until \"terrace lab boot\".");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.empty() && !needs_nodes) rest = {"all", "api"};
  if (rest.empty())
    return context.fail(
        "Which node?",
        "Name one or more: by name (etcd-1), instance id or role, or leader, follower, majority, all. \"terrace lab "
        "status\" lists them.");
  if (!is_root(context)) return 1;
  Lab lab(context, directory);
  if (!lab.enter()) return 1;
  const std::string path = fmt::format("/{}?nodes={}{}", verb, fmt::join(rest, ","), stay ? "&stay=1" : "");
  const Result<Json, std::string> done = lab.control("POST", path);
  if (!done.ok()) return context.fail("Nothing was done", done.error());
  for (const Json& name : (*done)["nodes"]) context.print(verb + " " + name.get<std::string>() + "\n");
  return 0;
}

int kill_subcommand(Context& context, const Arguments& arguments) {
  return act(context, arguments, "kill", "A power cut: everything on the nodes ends at once, and they boot again.",
             true, true);
}
int boot_subcommand(Context& context, const Arguments& arguments) {
  return act(context, arguments, "boot", "Switches nodes on again that \"terrace lab kill -stay\" left down.");
}
int wipe_subcommand(Context& context, const Arguments& arguments) {
  return act(context, arguments, "wipe", "A power cut, after which the nodes' disks are empty.");
}
int replace_subcommand(Context& context, const Arguments& arguments) {
  return act(context, arguments, "replace", "Ends the instances: their group launches others.");
}
int cut_subcommand(Context& context, const Arguments& arguments) {
  return act(
      context, arguments, "cut",
      "Cuts nodes off from all others and from the API. Those named together still hear each other: one side of a "
      "partition. \"api\" is the API: it is out of reach of every node then.");
}
int heal_subcommand(Context& context, const Arguments& arguments) {
  return act(context, arguments, "heal", "Puts nodes back on the wire, by default everything that was cut.", false);
}

// Runs terrace inside, in the cluster's directory.
int inner(Context& context, Lab& lab, std::vector<std::string> words) {
  words.insert(words.begin(), own_program());
  const Result<int, std::string> code = lab.run(words);
  return code.ok() ? *code : context.fail("Running terrace in the lab", code.error());
}

int scale_subcommand(Context& context, const Arguments& arguments) {
  std::string directory = kDirectory;
  Flags flags("lab scale [options] [ROLE] N",
              "Sets the size of a role, by default etcd's, in cluster.tfvars and applies it.");
  with_directory(flags, &directory);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  const std::string role = rest.size() == 2 ? rest[0] : "etcd";
  const std::string number = rest.empty() ? "" : rest.back();
  const bool is_number =
      !number.empty() && number.find_first_not_of("0123456789") == std::string::npos && number.size() < 3;
  if (rest.size() > 2 || !is_number || (role != "etcd" && role != "worker"))
    return context.fail("What size?", "Usage: terrace lab scale [etcd|worker] N.");
  const int size = std::stoi(number);
  if (role == "worker" && size > kMostWorkers)
    return context.fail("So many workers are not made", fmt::format("From 0 to {}.", kMostWorkers));
  if (!is_root(context)) return 1;
  Lab lab(context, directory);
  if (!lab.enter()) return 1;
  const std::string path = lab.cluster() + "/cluster.tfvars";
  const Result<std::string, FileError> values = context.files.read(path);
  if (!values.ok()) return context.fail("The lab's cluster", values.error().message);
  const std::string text = role == "etcd"
                               ? with_value(*values, "etcd_size", number)
                               : with_value(*values, "worker_size",
                                            fmt::format("{{ min = 0, desired = {}, max = {} }}", size, kMostWorkers));
  const Status<FileError> written = context.files.write_atomic(path, text);
  if (!written.ok()) return context.fail("The lab's cluster", written.error().message);
  const int code = inner(context, lab, {"apply", "-auto-approve", role});
  if (code != 0) (void)context.files.write_atomic(path, *values);
  return code;
}

int roll_subcommand(Context& context, const Arguments& arguments) {
  std::string directory = kDirectory;
  Flags flags("lab roll [options] [ROLE]",
              "Replaces every node of a role in turn, by default etcd's, with \"terrace roll -all\".");
  with_directory(flags, &directory);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() > 1) return context.fail("One role at a time", "Usage: terrace lab roll [ROLE].");
  if (!is_root(context)) return 1;
  Lab lab(context, directory);
  if (!lab.enter()) return 1;
  return inner(context, lab, {"roll", "-all", "-auto-approve", rest.empty() ? "etcd" : rest[0]});
}

int exec_subcommand(Context& context, const Arguments& arguments) {
  std::string directory = kDirectory;
  std::string node;
  Flags flags(
      "lab exec [options] COMMAND [ARGUMENT...]",
      "Runs a command inside the lab, in its cluster's directory and with its API in the place of AWS: \"terrace lab "
      "exec terrace status\".");
  with_directory(flags, &directory);
  flags.text("node", &node, "NODE",
             "Run it in this node's network, where 127.0.0.1 and 169.254.169.254 are the node's.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.empty()) return context.fail("Which command?", "Usage: terrace lab exec [options] COMMAND [ARGUMENT...].");
  if (!is_root(context)) return 1;
  Lab lab(context, directory);
  if (!lab.enter()) return 1;
  std::string network;
  if (!node.empty()) {
    const Result<Json, std::string> status = lab.control("GET", "/status");
    if (!status.ok()) return context.fail("The lab does not answer", status.error());
    for (const Json& each : (*status)["nodes"]) {
      if (each["name"] == node || each["id"] == node) network = lab::Wires::path_of(each["id"]);
    }
    if (network.empty()) return context.fail("There is no node " + node, "\"terrace lab status\" lists them.");
  }
  if (rest[0] == "terrace") rest[0] = own_program();
  const Result<int, std::string> code = lab.run(rest, network);
  return code.ok() ? *code : context.fail("Running " + rest[0] + " in the lab", code.error());
}

constexpr Command kSubcommands[] = {
    {"up", "Make a cluster on this machine", up_subcommand, true},
    {"status", "Show its nodes and what happened last", status_subcommand, true},
    {"kill", "Cut the power of nodes", kill_subcommand, true},
    {"boot", "Switch nodes on again", boot_subcommand, true},
    {"wipe", "Empty the disks of nodes", wipe_subcommand, true},
    {"replace", "Let the group replace nodes", replace_subcommand, true},
    {"cut", "Cut nodes, or the API, off the network", cut_subcommand, true},
    {"heal", "Put them back", heal_subcommand, true},
    {"scale", "Change the size of a role", scale_subcommand, true},
    {"roll", "Replace every node of a role in turn", roll_subcommand, true},
    {"exec", "Run a command inside", exec_subcommand, true},
    {"down", "Take it away", down_subcommand, true},
    {"hub", "The lab's own process", hub_subcommand, false},
};

}  // namespace

int lab_command(Context& context, const Arguments& arguments) {
  return run_subcommand(context, "lab",
                        "A cluster on this machine, with real etcd, for anything that may happen to one.", kSubcommands,
                        arguments);
}

}  // namespace terrace::cli
