// terrace: provisions and operates clusters on AWS. This file makes the effects and hands them to the command line.
#include <locale.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/version.h"

int main(int argc, char** argv) {
  using namespace terrace;
  std::map<std::string, std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (const char* equals = std::strchr(*variable, '='))
      variables.emplace(std::string(*variable, static_cast<size_t>(equals - *variable)), equals + 1);
  }
  const cli::Environment environment(std::move(variables));

  SystemClock clock;
  SystemFileSystem files;
  SystemRandom random;
  Loop loop(clock, nullptr);
  CurlOptions options;
  options.ca_bundle = ca_bundle_from_environment(environment.look_up());
  options.user_agent = std::string("terrace/") + cli::kVersion;
  CurlNetwork network(loop, std::move(options));
  loop.set_waiter(&network);
  const std::unique_ptr<Log> log =
      open_log(parse_log_level(environment.get("TF_LOG")), environment.get("TF_LOG_PATH"), clock, files);
  cli::SystemTerminal terminal;

  cli::Context context{terminal, environment, clock, files, random, loop, network, *log};
  return cli::run(context, std::vector<std::string>(argv + 1, argv + argc));
}
