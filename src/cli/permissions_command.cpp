// permissions: what IAM has to allow the operator, derived from the stacks.
#include <fmt/format.h>

#include "aws/endpoint.h"
#include "cli/cluster_access.h"
#include "cli/commands.h"
#include "cluster/operator_policy.h"

namespace terrace::cli {

namespace {

using cluster::OrderedJson;

aws::PolicyNames names_of(const cluster::Values& values) {
  const aws::Partitions partitions;
  const aws::Partition& partition = partitions.of_region(values.region);
  return {partition.id, partition.dns_suffix, values.region, values.allowed_account_ids, values.name};
}

// DIR/CLUSTER-operator-1.json and so on. Gives the exit code.
int write_documents(Context& context, const std::string& directory, const std::string& name,
                    const std::vector<OrderedJson>& documents) {
  Status<FileError> made = context.files.make_directories(directory);
  if (!made) return context.fail("The directory can't be made", made.error().message);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    std::string path =
        join_path(directory, documents.size() == 1 ? name + ".json" : fmt::format("{}-{}.json", name, i + 1));
    Status<FileError> written = context.files.write_atomic(path, documents[i].dump(2) + "\n");
    if (!written) return context.fail("The policy can't be written", written.error().message);
    context.print(path + "\n");
  }
  return 0;
}

}  // namespace

int permissions_command(Context& context, const Arguments& arguments) {
  bool json = false, only = false, read_only = false, split = false;
  std::string out;
  Flags flags("permissions [options] [STACK...|all]",
              "Prints the least IAM policy with which stacks, and those they need, can be planned, applied and "
              "destroyed, and every command on the cluster be run. It is derived from the configurations alone: no "
              "credentials are needed, and nothing has to exist.");
  flags.boolean("json", &json, "The policy is JSON with and without it.");
  flags.boolean("only", &only, "Leave out what the named stacks need.");
  flags.boolean("read-only", &read_only, "What a plan needs, and no more.");
  flags.boolean("split", &split, "Several documents, each of a size that AWS takes as a managed policy.");
  flags.text("out", &out, "DIR", "Write the documents, split, into files of this directory, and print their names.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  ClusterAccess access(context);
  if (!access.read() || !access.require_values()) return 1;
  Checked<std::vector<std::string>> selected = access.stacks().select(rest, only, false);
  context.show(selected.diagnostics);
  if (selected.diagnostics.has_errors()) return 1;
  Checked<OrderedJson> policy =
      cluster::operator_policy(access.stacks(), selected.value, names_of(access.values()),
                               read_only ? cluster::Powers::kPlan : cluster::Powers::kEverything);
  context.show(policy.diagnostics);
  if (policy.diagnostics.has_errors()) return 1;
  std::vector<OrderedJson> documents = {policy.value};
  if (split || !out.empty()) documents = cluster::split_policy(policy.value);
  if (!out.empty())
    return write_documents(context, out, access.values().name + (read_only ? "-plan" : "-operator"), documents);
  for (const OrderedJson& document : documents) context.print(document.dump(2) + "\n");
  std::size_t size = cluster::policy_size(policy.value);
  if (!split && size > cluster::kManagedPolicyLimit) {
    context.terminal.print_error(
        fmt::format("\nThis policy has {} characters, and AWS takes {} in a managed policy: -split prints it in "
                    "several documents, -out=DIR writes them to files.\n",
                    size, cluster::kManagedPolicyLimit));
  }
  return 0;
}

}  // namespace terrace::cli
