#include "cli/session.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lang/value_text.h"
#include "providers/local_provider.h"
#include "providers/null_provider.h"
#include "providers/random_provider.h"
#include "providers/time_provider.h"
#include "providers/tls_provider.h"
#include "state/address.h"
#include "state/value_json.h"

namespace terrace::cli {

namespace {

// A signal handler can reach nothing but globals: how many came, and the pipe that wakes the loop.
volatile sig_atomic_t g_signals = 0;
int g_signal_pipe = -1;

extern "C" void on_signal(int) {
  g_signals = g_signals + 1;
  if (g_signals > 1) {
    constexpr std::string_view kLastWords =
        "\nTwo interrupts received. Ending at once: run the same command again, and it takes up what was in flight.\n";
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, kLastWords.data(), kLastWords.size());
    _exit(1);
  }
  char byte = 1;
  if (write(g_signal_pipe, &byte, 1) < 0) return;
}

std::string elapsed_text(Duration elapsed) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
  if (seconds < 60) return fmt::format("{}s", seconds);
  return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
}

}  // namespace

state::Identity process_identity() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  const passwd* user = getpwuid(getuid());
  return {user != nullptr ? user->pw_name : std::to_string(getuid()), host.data()};
}

std::string working_directory() {
  std::array<char, 4096> path{};
  return getcwd(path.data(), path.size()) != nullptr ? std::string(path.data()) : std::string(".");
}

struct Providers::Impl {
  Impl(Context& the_context, providers::SiblingOutputs* the_siblings, AwsAccess* given)
      : context(the_context),
        siblings(the_siblings),
        own(given == nullptr ? std::make_unique<AwsAccess>(the_context) : nullptr),
        aws(given == nullptr ? *own : *given) {}

  Context& context;
  providers::SiblingOutputs* siblings;
  std::unique_ptr<AwsAccess> own;
  AwsAccess& aws;
  CurlTlsPeer tls_peer;
  std::map<std::string, providers::Registry> registries;
};

Providers::Providers(Context& context, providers::SiblingOutputs* siblings, AwsAccess* aws)
    : impl_(std::make_unique<Impl>(context, siblings, aws)) {}
Providers::~Providers() = default;

schema::ProviderRegistry& Providers::registry(const std::string& directory) {
  auto found = impl_->registries.find(directory);
  if (found != impl_->registries.end()) return found->second;
  providers::Registry& registry = impl_->registries[directory];
  Impl* impl = impl_.get();
  registry.add(std::string(aws::kAwsSource),
               [impl, directory] { return aws::make_aws_provider(impl->aws.pool, directory); });
  registry.add(std::string(providers::kLocalSource),
               [impl, directory] { return providers::make_local_provider(impl->context.files, directory); });
  registry.add(std::string(providers::kNullSource),
               [impl] { return providers::make_null_provider(impl->context.random); });
  registry.add(std::string(providers::kRandomSource),
               [impl] { return providers::make_random_provider(impl->context.random); });
  registry.add(std::string(providers::kTimeSource),
               [impl] { return providers::make_time_provider(impl->context.clock, impl->context.loop); });
  registry.add(std::string(providers::kTlsSource), [impl] {
    return providers::make_tls_provider(impl->context.clock, impl->context.random, impl->tls_peer);
  });
  registry.add(std::string(providers::kTerraformSource), [impl, directory] {
    return providers::make_terraform_provider(impl->context.files, impl->context.random, directory, impl->siblings);
  });
  return registry;
}

void RunFlags::add_to(Flags& flags, bool planning, bool applying) {
  flags.call(
      "var",
      [this](std::string text) {
        variables.push_back({config::VariableOption::Kind::kValue, std::move(text)});
      },
      "'NAME=VALUE'", "Set a value for one of the input variables of the root module.");
  flags.call(
      "var-file",
      [this](std::string text) {
        variables.push_back({config::VariableOption::Kind::kFile, std::move(text)});
      },
      "FILENAME", "Load variable values from the given file.");
  flags.list("target", &targets, "ADDRESS",
             "Limit the operation to the given module, resource or resource instance and what it needs.");
  flags.boolean("lock", &lock, "Don't hold a state lock during the operation with -lock=false.");
  flags.duration("lock-timeout", &lock_timeout, "DURATION", "How long to try for the state lock.");
  flags.integer("parallelism", &parallelism, "N", "How many operations run at the same time. Defaults to 10.");
  flags.boolean("input", &input, "Ask for input where it is needed. Defaults to true.");
  flags.boolean("refresh", &refresh, "Skip reading what exists with -refresh=false.");
  flags.boolean("json", &json, "Write the output as JSON, a line each.");
  flags.boolean("compact-warnings", &compact_warnings, "Show warnings without their details.");
  flags.text("state", &state, "PATH", "The state file of the local backend.");
  flags.boolean("only", &only, "In a cluster directory: the named stacks without those they need.");
  if (planning) {
    flags.list("replace", &replaces, "ADDRESS",
               "Replace this instance although its configuration does not ask for it.");
    flags.boolean("refresh-only", &refresh_only, "Only bring the state up to date with what exists.");
    flags.boolean("destroy", &destroy, "Destroy everything that the state holds.");
  }
  if (applying) {
    flags.boolean("auto-approve", &auto_approve, "Skip the question before anything is changed.");
    flags.text("backup", &backup, "PATH", "Where the state before the operation is kept; \"-\" for nowhere.");
    flags.text("state-out", &state_out, "PATH", "Where the new state is written.");
  }
}

Diagnostics RunFlags::check() {
  Diagnostics diagnostics;
  for (std::string& target : targets) {
    Result<state::Address, std::string> address = state::parse_address(target);
    if (address)
      target = address->text();
    else
      diagnostics.error("Invalid target " + nlohmann::json(target).dump(), address.error());
  }
  for (std::string& replace : replaces) {
    Result<state::Address, std::string> address = state::parse_instance_address(replace);
    std::string summary = "Invalid force-replace address " + nlohmann::json(replace).dump();
    if (!address)
      diagnostics.error(std::move(summary), address.error());
    else if (address->resource.mode == state::Mode::kData)
      diagnostics.error(std::move(summary), "Only managed resources can be used with the -replace=... option.");
    else
      replace = address->text();
  }
  if (destroy && refresh_only)
    diagnostics.error("Incompatible plan mode options",
                      "The -destroy and -refresh-only options are mutually-exclusive.");
  if (refresh_only && !refresh)
    diagnostics.error("Incompatible refresh options",
                      "It doesn't make sense to use -refresh-only at the same time as -refresh=false, because terrace "
                      "would have nothing to do.");
  if (!replaces.empty() && (destroy || refresh_only) && !diagnostics.has_errors())
    diagnostics.error("Unsupported plan mode",
                      "Forcing resource instance replacement (with -replace=...) is allowed only in normal planning "
                      "mode.");
  return diagnostics;
}

plan::PlanOptions RunFlags::plan_options() const {
  plan::PlanOptions options;
  options.mode = destroy ? plan::Mode::kDestroy : refresh_only ? plan::Mode::kRefreshOnly : plan::Mode::kNormal;
  options.refresh = refresh;
  options.targets = targets;
  options.replaces = replaces;
  return options;
}

apply::OperationSettings RunFlags::settings(Context& context, const std::string& directory) const {
  apply::OperationSettings settings;
  settings.directory = directory;
  std::string base = working_directory();
  settings.working_directory = directory.empty() ? base : join_path(base, directory);
  settings.variables.options = variables;
  for (const auto& [name, value] : context.environment.all()) settings.variables.environment.emplace_back(name, value);
  settings.state_path = state;
  settings.state_out_path = state_out;
  settings.backup_path = backup;
  settings.lock = lock;
  settings.lock_timeout = lock_timeout;
  settings.identity = process_identity();
  return settings;
}

Signals::Signals(Context& context) : context_(context) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return;
  g_signal_pipe = ends[1];
  g_signals = 0;
  int read_end = ends[0];
  context.network.set_wakeup(read_end, [this, read_end] {
    char byte = 0;
    while (read(read_end, &byte, 1) > 0) {
    }
    interrupt.requested = true;
    context_.terminal.print_error(
        "\nInterrupt received.\nPlease wait for terrace to exit or data loss may occur.\nFinishing what is in flight, "
        "then saving. A second interrupt ends at once.\n\n");
  });
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Signals::~Signals() {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
}

std::string ApplyPrinter::subject(const Event& event) const {
  std::string name = prefix_ + event.address;
  if (!event.deposed.empty()) name += fmt::format(" (deposed object {})", event.deposed);
  return context_.terminal.color() ? "\x1b[0m\x1b[1m" + name : name;
}

void ApplyPrinter::started(const Event& event) {
  const char* words = event.step == plan::Step::kCreate     ? "Creating..."
                      : event.step == plan::Step::kUpdate   ? "Modifying..."
                      : event.step == plan::Step::kReadData ? "Reading..."
                                                            : "Destroying...";
  bool with_id = event.step != plan::Step::kCreate && event.step != plan::Step::kReadData && !event.id.empty();
  print(fmt::format("{}: {}{}{}\n", subject(event), words, with_id ? fmt::format(" [id={}]", event.id) : "",
                    context_.terminal.color() ? "\x1b[0m" : ""));
}

void ApplyPrinter::still_running(const Event& event) {
  const char* words = event.step == plan::Step::kCreate     ? "creating"
                      : event.step == plan::Step::kUpdate   ? "modifying"
                      : event.step == plan::Step::kReadData ? "reading"
                                                            : "destroying";
  print(fmt::format("{}: Still {}... [{} elapsed]{}\n", subject(event), words, elapsed_text(event.elapsed),
                    context_.terminal.color() ? "\x1b[0m" : ""));
}

void ApplyPrinter::completed(const Event& event) {
  const char* words = event.step == plan::Step::kCreate     ? "Creation"
                      : event.step == plan::Step::kUpdate   ? "Modifications"
                      : event.step == plan::Step::kReadData ? "Read"
                                                            : "Destruction";
  bool with_id =
      event.step == plan::Step::kCreate || event.step == plan::Step::kUpdate || event.step == plan::Step::kReadData;
  print(fmt::format("{}: {} complete after {}{}{}\n", subject(event), words, elapsed_text(event.elapsed),
                    with_id && !event.id.empty() ? fmt::format(" [id={}]", event.id) : "",
                    context_.terminal.color() ? "\x1b[0m" : ""));
}

void ApplyPrinter::failed(const Event&) {}

std::string apply_summary(const apply::ApplyResult& result, bool destroy) {
  if (destroy) return fmt::format("Destroy complete! Resources: {} destroyed.", result.destroyed);
  std::string imported = result.imported > 0 ? fmt::format("{} imported, ", result.imported) : "";
  return fmt::format("Apply complete! Resources: {}{} added, {} changed, {} destroyed.", imported, result.added,
                     result.changed, result.destroyed);
}

std::string outputs_text(const state::State& state, Context& context) {
  std::string text;
  for (const auto& [name, output] : state.outputs) {
    Result<lang::Type, std::string> type = state::decode_type(output.type);
    Result<lang::Value, std::string> value =
        type ? state::decode_value(output.value, *type) : Result<lang::Value, std::string>(lang::Value());
    if (output.sensitive) {
      text += fmt::format("{} = <sensitive>\n", name);
    } else if (value) {
      text += fmt::format("{} = {}\n", name, lang::value_text(*value));
    }
  }
  (void)context;
  return text;
}

bool approve(Context& context, const std::string& question, const std::string& detail, const std::string& wanted) {
  context.print(context.style("\n[bold]" + question + "[reset]") + "\n" + detail + "\n\n  " +
                context.style("[bold]Enter a value:[reset]") + " ");
  std::optional<std::string> answer = context.terminal.read_line();
  context.print("\n");
  return answer && *answer == wanted;
}

}  // namespace terrace::cli
