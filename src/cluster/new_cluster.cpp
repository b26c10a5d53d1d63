#include "cluster/new_cluster.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace terrace::cluster {

namespace {

constexpr std::string_view kClusterFiles = "cluster/";
constexpr std::string_view kValuesFile = "cluster.tfvars";
constexpr std::size_t kLongestName = 32;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

std::string cidr_list(const std::vector<std::string>& cidrs) {
  std::string list;
  for (const std::string& cidr : cidrs) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", cidr);
  return "[" + list + "]";
}

std::string filled(std::string_view content, const NewCluster& cluster) {
  std::string text(content);
  replace_all(text, "@CLUSTER_NAME@", cluster.name);
  replace_all(text, "@REGION@", cluster.region);
  // With its quotes: the template is a well-formed file, where the whole string stands for the list.
  replace_all(text, "\"@ALLOW_SSH_CIDR@\"", cidr_list(cluster.allow_ssh_cidrs));
  return text;
}

// Is the directory free for a cluster, or the rest of an interrupted `terrace new`?
Diagnostics check_directory(FileSystem& files, const std::string& directory) {
  Diagnostics diagnostics;
  Result<std::vector<DirectoryEntry>, FileError> entries = files.list(directory);
  if (!entries) {
    if (!entries.error().not_found()) diagnostics.error("Cannot write the cluster directory", entries.error().message);
    return diagnostics;
  }
  constexpr std::array<std::string_view, 7> kOwn = {"stacks",   "modules",    "nodes", "README.md",
                                                    "Makefile", ".gitignore", ""};
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name == kValuesFile) {
      diagnostics.error(
          "Cluster already exists",
          fmt::format("The directory {} already holds a cluster: {} is there. Choose another name, or work in that "
                      "directory; nothing was changed.",
                      directory, join_path(directory, kValuesFile)));
      return diagnostics;
    }
    if (std::find(kOwn.begin(), kOwn.end(), entry.name) == kOwn.end()) {
      diagnostics.error(
          "Directory is not empty",
          fmt::format("The directory {} holds {}, which is no part of a cluster. Choose another name or move it "
                      "away; nothing was changed.",
                      directory, entry.name));
      return diagnostics;
    }
  }
  return diagnostics;
}

}  // namespace

std::optional<std::string> cluster_name_problem(std::string_view name) {
  auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.empty() || !lower(name.front())) return "it must start with a lower case letter";
  if (name.size() > kLongestName)
    return fmt::format("it has {} characters; at most {} fit into the names of buckets", name.size(), kLongestName);
  if (name.back() == '-') return "it must not end with a hyphen";
  for (char c : name) {
    if (!lower(c) && !digit(c) && c != '-')
      return fmt::format("'{}' is not allowed: only lower case letters, digits and hyphens are", c);
  }
  return std::nullopt;
}

Checked<std::vector<std::string>> write_cluster(FileSystem& files, const NewCluster& cluster) {
  Checked<std::vector<std::string>> result;
  if (std::optional<std::string> problem = cluster_name_problem(cluster.name)) {
    result.diagnostics.error(
        "Invalid cluster name",
        fmt::format("The name \"{}\" can't be a cluster's: {}. It becomes part of the names of buckets, roles and "
                    "groups; write for example \"coreos-cluster\".",
                    cluster.name, *problem));
    return result;
  }
  result.diagnostics = check_directory(files, cluster.directory);
  if (result.diagnostics.has_errors()) return result;

  struct Output {
    std::string path;
    std::string content;
  };
  std::vector<Output> outputs;
  for (const EmbeddedFile& file : platform_files()) {
    bool own = file.path.starts_with(kClusterFiles);
    if (own) {
      outputs.push_back({std::string(file.path.substr(kClusterFiles.size())), filled(file.content, cluster)});
    } else {
      outputs.push_back({std::string(file.path), std::string(file.content)});
    }
  }
  if (!cluster.agent.empty()) {
    Result<std::string, FileError> agent = files.read(cluster.agent);
    if (!agent) {
      result.diagnostics.error(
          "Cannot read the agent of the nodes",
          fmt::format("{}. It belongs to terrace's installation: install that again.", agent.error().message));
      return result;
    }
    outputs.push_back({"nodes/terraced.tar.gz", std::move(*agent)});
  }
  // cluster.tfvars says that the directory is whole, so it is written when all else is.
  std::stable_partition(outputs.begin(), outputs.end(), [](const Output& o) { return o.path != kValuesFile; });
  for (const Output& output : outputs) {
    std::string path = join_path(cluster.directory, output.path);
    Status<FileError> made = files.make_directories(directory_of(path));
    Status<FileError> written = made ? files.write_atomic(path, output.content) : made;
    if (!written) {
      result.diagnostics.error("Cannot write the cluster directory",
                               fmt::format("{}. Mend that and run the same command again; it completes what is there.",
                                           written.error().message));
      return result;
    }
    result.value.push_back(output.path);
  }
  return result;
}

Task<std::optional<std::string>> find_public_address(Network& network) {
  HttpRequest request;
  request.url = "https://checkip.amazonaws.com/";
  request.connect_timeout = std::chrono::seconds(2);
  request.timeout = std::chrono::seconds(4);
  HttpResult answer = co_await network.send(request);
  if (!answer || answer->status != 200) co_return std::nullopt;
  std::string address = answer->body.substr(0, answer->body.find_last_not_of(" \r\n") + 1);
  in_addr parsed{};
  if (inet_pton(AF_INET, address.c_str(), &parsed) != 1) co_return std::nullopt;
  co_return address;
}

}  // namespace terrace::cluster
