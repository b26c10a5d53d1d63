// roll: the nodes of a role replaced in turn, through their autoscaling group, never more at a time than may be
// missing.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/timestamp.h"
#include "cli/cluster_access.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cluster/objects.h"
#include "cluster/roll.h"
#include "node/cluster_report.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;
using Kind = cluster::RollStep::Kind;

constexpr Duration kFirstLook = std::chrono::seconds(1);
constexpr Duration kLastLook = std::chrono::seconds(10);
constexpr Duration kFresh = std::chrono::minutes(2);  // etcd's leader publishes twice a minute

struct RollOptions {
  bool json = false;
  bool dry_run = false;
  bool approved = false;
  bool all = false;
  int max_unavailable = 1;
  Duration timeout = std::chrono::minutes(30);
};

class Roll {
 public:
  Roll(Context& context, std::string role, RollOptions options)
      : context_(context), access_(context), role_(std::move(role)), options_(options) {}

  int run() {
    if (options_.max_unavailable < 1)
      return context_.fail("Nothing would ever be replaced", "-max-unavailable must be 1 or more.");
    if (!access_.connect()) return 1;
    if (!options_.dry_run && (!access_.check_session_lock() || !take_lock())) return 1;
    if (!look()) return 1;
    const std::vector<cluster::Node> outdated = cluster::outdated_nodes(view_);
    cluster::RollStep step = cluster::next_roll_step(view_);
    if (step.kind == Kind::kRefuse) return refuse(step);
    say_what(outdated);
    if (options_.dry_run) return 0;
    if (outdated.empty() && step.kind == Kind::kDone) return done(0);
    if (!outdated.empty() && !options_.approved &&
        !approve(context_,
                 fmt::format("Do you want to replace {} of {} nodes of {}?", outdated.size(), view_.group.nodes.size(),
                             view_.group.name),
                 "  One after the other, as their successors are ready. Only 'yes' will be accepted to approve.")) {
      context_.print("Roll cancelled. Nothing was changed.\n");
      return 1;
    }
    return go_on(std::move(step));
  }

 private:
  bool take_lock() {
    const auto& stacks = access_.stacks().stacks();
    const auto found = stacks.find(role_);
    if (found == stacks.end()) return true;  // there is no folder; the group decides
    Result<std::optional<std::unique_ptr<FileLock>>, FileError> lock =
        context_.files.try_lock(found->second.directory + "/.terraform.roll.lock");
    if (!lock) return context_.fail("The role can't be locked", lock.error().message) == 0;
    if (!lock->has_value())
      return context_.fail("Another terrace is rolling this role",
                           "Nothing was changed. Wait until it is done, or interrupt it.") == 0;
    lock_ = std::move(**lock);
    return true;
  }

  // Sees the group, its configuration and, of etcd, its voters. False after an error was shown.
  bool look() {
    std::optional<std::vector<cluster::Group>> groups = groups_of(context_, access_, role_);
    if (!groups) return false;
    if (groups->empty()) return no_nodes(context_, access_, role_) == 0;
    view_.group = std::move((*groups)[0]);
    view_.max_unavailable = options_.max_unavailable;
    std::string bucket = access_.bucket("cloudinit");
    std::string key = role_ + "/ignition.json";
    Result<std::optional<cluster::StoredObject>, aws::ApiError> config =
        context_.loop.run(cluster::read_object(access_.aws(), bucket, key));
    if (!config) return access_.fail("Reading the configuration of " + role_, config.error()) == 0;
    view_.config_changed_s = 0;
    if (options_.all) {
      view_.config_changed_s = began_s_;
    } else if (config->has_value()) {
      if (const std::optional<Duration> changed = aws::parse_timestamp((*config)->modified))
        view_.config_changed_s = std::chrono::duration_cast<std::chrono::seconds>(*changed).count();
    }
    return role_ != "etcd" || look_at_etcd();
  }

  bool look_at_etcd() {
    std::string bucket = access_.bucket("cloudinit");
    std::string key = node::kStatusObject;
    Result<std::optional<cluster::StoredObject>, aws::ApiError> object =
        context_.loop.run(cluster::read_object(access_.aws(), bucket, key));
    if (!object) return access_.fail("Reading the state of etcd", object.error()) == 0;
    view_.voters.emplace();
    view_.members.clear();
    if (!object->has_value()) {
      etcd_silent_ = "etcd's nodes have published nothing";
      return true;
    }
    const Result<node::ClusterReport, std::string> report = node::parse_cluster_report((*object)->body);
    if (!report.ok()) return context_.fail("The state of etcd cannot be read", report.error()) == 0;
    const std::optional<Duration> published = aws::parse_timestamp(report->time);
    etcd_silent_.clear();
    if (!published || context_.clock.wall() - *published > kFresh) {
      etcd_silent_ = "no leader of etcd has published since " + report->time;
      return true;
    }
    for (const node::MemberReport& each : report->members) {
      if (!each.member.learner) view_.members.push_back(each.member.name);
      if (each.member.healthy && !each.member.learner) view_.voters->push_back(each.member.name);
    }
    return true;
  }

  int refuse(const cluster::RollStep& step) {
    return context_.fail("The nodes of " + role_ + " cannot be rolled", step.why + ".");
  }

  void say(const Json& event, const std::string& text) {
    context_.print(options_.json ? event.dump() + "\n" : text + "\n");
  }

  void say_what(const std::vector<cluster::Node>& outdated) {
    Json ids = Json::array();
    for (const cluster::Node& node : outdated) ids.push_back(node.id);
    const Json event = {{"type", "plan"},
                        {"group", view_.group.name},
                        {"nodes", view_.group.nodes.size()},
                        {"desired", view_.group.desired},
                        {"outdated", ids}};
    if (options_.json || outdated.empty()) {
      if (options_.json || options_.dry_run)
        say(event, fmt::format("All {} nodes of {} are up to date.", view_.group.nodes.size(), view_.group.name));
      return;
    }
    std::vector<std::vector<std::string>> rows = {{"ID", "ADDRESS", "ZONE", "AGE", "WHY"}};
    const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(context_.clock.wall()).count();
    for (const cluster::Node& node : outdated)
      rows.push_back(
          {node.id, node.private_address, node.zone, age_text(node.launched_s, now),
           node.template_version == view_.group.template_version
               ? "older configuration"
               : fmt::format("launch template {} -> {}", node.template_version, view_.group.template_version)});
    context_.print(fmt::format("{} of {} nodes of {} are out of date:\n\n{}\n", outdated.size(),
                               view_.group.nodes.size(), view_.group.name,
                               table_text(rows, context_.terminal.color())));
  }

  int done(std::size_t replaced) {
    say({{"type", "done"}, {"replaced", replaced}},
        replaced == 0 ? fmt::format("All nodes of {} are up to date and ready.", view_.group.name)
                      : fmt::format("Done: {} node{} of {} replaced, all are ready.", replaced,
                                    replaced == 1 ? "" : "s", view_.group.name));
    return 0;
  }

  int go_on(cluster::RollStep step) {
    Signals signals(context_);
    std::size_t replaced = 0;
    Duration progress = context_.clock.monotonic();
    Duration pause = kFirstLook;
    std::string said;
    while (true) {
      if (step.kind == Kind::kDone) return done(replaced);
      if (step.kind == Kind::kRefuse) return refuse(step);
      if (step.kind == Kind::kReplace) {
        for (const std::string& id : step.instances) {
          if (!replace(id)) return 1;
          ++replaced;
        }
        progress = context_.clock.monotonic();
        pause = kFirstLook;
        said.clear();
      } else {
        const std::string why = etcd_silent_.empty() ? step.why : step.why + ": " + etcd_silent_;
        if (why != said) {
          say({{"type", "wait"}, {"why", why}}, "  waiting: " + why);
          said = why;
          progress = context_.clock.monotonic();
          pause = kFirstLook;
        }
        if (context_.clock.monotonic() - progress > options_.timeout)
          return context_.fail(
              "The nodes do not become ready",
              fmt::format("{}, and nothing has changed for {} minutes. Nothing more is replaced; \"terrace "
                          "nodes {}\" shows them, and the same command goes on when they are well.",
                          why, std::chrono::duration_cast<std::chrono::minutes>(options_.timeout).count(), role_));
      }
      context_.loop.run(sleep(pause));
      pause = std::min(pause + pause / 2, kLastLook);
      if (signals.interrupt.requested) {
        context_.print("Interrupted: the group replaces what was ended; the same command goes on.\n");
        return 1;
      }
      if (!look()) return 1;
      step = cluster::next_roll_step(view_);
    }
  }

  Task<void> sleep(Duration pause) { co_await context_.loop.sleep(pause); }

  bool replace(const std::string& id) {
    nlohmann::json params = {{"InstanceId", id}, {"ShouldDecrementDesiredCapacity", false}};
    const aws::ApiResult ended = context_.loop.run(
        access_.aws().client().call("autoscaling", "TerminateInstanceInAutoScalingGroup", std::move(params)));
    if (!ended) return access_.fail("Replacing " + id, ended.error()) == 0;
    view_.asked.push_back(id);
    say({{"type", "replace"}, {"instance", id}}, "replacing " + id);
    return true;
  }

  Context& context_;
  ClusterAccess access_;
  std::string role_;
  RollOptions options_;
  int64_t began_s_ = std::chrono::duration_cast<std::chrono::seconds>(context_.clock.wall()).count();
  std::unique_ptr<FileLock> lock_;
  cluster::RollView view_;
  std::string etcd_silent_;  // why nobody counts as a voter; empty where etcd speaks
};

}  // namespace

int roll_command(Context& context, const Arguments& arguments) {
  RollOptions options;
  Flags flags(
      "roll [options] ROLE",
      "Replaces the nodes of a role that were made from another launch template, or before the configuration "
      "changed: through their autoscaling group, as their successors become ready, of etcd one at a time and never "
      "below its quorum. Interrupted, it goes on when it is run again.");
  flags.boolean("json", &options.json, "Write what is done as JSON, a line each.");
  flags.boolean("dry-run", &options.dry_run, "Show which nodes would be replaced, and do nothing.");
  flags.boolean(
      "all", &options.all,
      "Replace nodes that are up to date, too: each that was launched before this run. Interrupted, it begins anew.");
  flags.boolean("auto-approve", &options.approved, "Skip the question.");
  flags.integer("max-unavailable", &options.max_unavailable, "N",
                "How many nodes may be missing at a time. Defaults to 1, which it always is for etcd.");
  flags.duration("timeout", &options.timeout, "DURATION", "How long to wait while nothing changes. Defaults to 30m.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() != 1) return context.fail("Which role?", "Give one: terrace roll worker.");
  return Roll(context, rest[0], options).run();
}

}  // namespace terrace::cli
