// session: the lock on the whole cluster, for work that must not be disturbed.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/cluster_access.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "cluster/session_lock.h"

namespace terrace::cli {

namespace {

std::string whoami() {
  state::Identity me = process_identity();
  return me.user + "@" + me.host;
}

// Opens the cluster and its config bucket. False after an error was shown.
bool open(ClusterAccess& access) {
  if (!access.connect()) return false;
  if (access.was_created("s3")) return true;
  access.never_created("s3");
  return false;
}

int lock_command(Context& context, const Arguments& arguments) {
  std::string why;
  Flags flags("session lock [options]",
              "Locks the whole cluster: until you unlock it, the changing commands of everyone else are refused.");
  flags.text("why", &why, "TEXT", "What the others are told.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  ClusterAccess access(context);
  if (!open(access)) return 1;
  cluster::SessionLock wanted{context.random.uuid(), whoami(), rfc3339(context.clock.wall()), why};
  Result<cluster::SessionLock, aws::ApiError> held =
      context.loop.run(cluster::take_session_lock(access.aws(), access.bucket("config"), wanted));
  if (!held) return access.fail("Locking the cluster", held.error());
  if (held->id == wanted.id) {
    context.print("The cluster is locked: " + cluster::describe(*held) + ".\n");
    return 0;
  }
  if (held->who == wanted.who) {
    context.print("You hold the lock already: " + cluster::describe(*held) + ".\n");
    return 0;
  }
  return context.fail("The cluster is locked by another",
                      cluster::describe(*held) + ". Nothing was changed. Try again when they have unlocked it.");
}

int unlock_command(Context& context, const Arguments& arguments) {
  bool force = false;
  Flags flags("session unlock [options]", "Gives your lock on the cluster up.");
  flags.boolean("force", &force, "Take another's lock away: only when its holder is gone for good.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  ClusterAccess access(context);
  if (!open(access)) return 1;
  std::string bucket = access.bucket("config");
  Result<std::optional<cluster::SessionLock>, aws::ApiError> held =
      context.loop.run(cluster::read_session_lock(access.aws(), bucket));
  if (!held) return access.fail("Reading the lock", held.error());
  if (!held->has_value()) {
    context.print("The cluster is not locked.\n");
    return 0;
  }
  if ((*held)->who != whoami() && !force)
    return context.fail("The lock is another's",
                        fmt::format("{} holds it. Ask them, or take it away with -force where they are gone for good.",
                                    cluster::describe(**held)));
  Result<bool, aws::ApiError> removed =
      context.loop.run(cluster::remove_session_lock(access.aws(), bucket, (*held)->id));
  if (!removed) return access.fail("Unlocking", removed.error());
  context.print("The cluster is unlocked; the lock was " + cluster::describe(**held) + ".\n");
  return 0;
}

int show_lock_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("session show [options]", "Says who holds the lock on the cluster.");
  flags.boolean("json", &json, "Write the answer as JSON: null where there is no lock.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  ClusterAccess access(context);
  if (!open(access)) return 1;
  Result<std::optional<cluster::SessionLock>, aws::ApiError> held =
      context.loop.run(cluster::read_session_lock(access.aws(), access.bucket("config")));
  if (!held) return access.fail("Reading the lock", held.error());
  if (json) {
    context.print(held->has_value() ? cluster::session_lock_json(**held) : "null\n");
  } else {
    context.print(held->has_value() ? "Locked by " + cluster::describe(**held) + ".\n"
                                    : "The cluster is not locked.\n");
  }
  return 0;
}

constexpr Command kSubcommands[] = {
    {"lock", "Lock the cluster for yourself", lock_command, true},
    {"unlock", "Give the lock up", unlock_command, true},
    {"show", "Say who holds it", show_lock_command, true},
};

}  // namespace

int session_command(Context& context, const Arguments& arguments) {
  return run_subcommand(context, "session",
                        "The lock on the whole cluster, an object in its config bucket. Every command that changes the "
                        "cluster honours it.",
                        kSubcommands, arguments);
}

}  // namespace terrace::cli
