#include "node/member_list.h"

#include <algorithm>

#include "node/documents.h"

namespace terrace::node {

namespace {
constexpr Duration kLook = std::chrono::seconds(2);
}  // namespace

std::vector<std::string> MemberList::addresses() {
  std::vector<std::string> turned = addresses_;
  if (!turned.empty()) {
    const auto first = static_cast<std::ptrdiff_t>(random_.next_u64() % turned.size());
    std::rotate(turned.begin(), turned.begin() + first, turned.end());
  }
  return turned;
}

std::vector<std::string> MemberList::endpoints() {
  std::vector<std::string> endpoints = addresses();
  for (std::string& each : endpoints) each = client_endpoint(each);
  return endpoints;
}

Task<void> MemberList::refresh() {
  bool reached = false;
  std::vector<Member> members;
  const std::vector<std::string> known = endpoints();
  for (const std::string& endpoint : known) {
    const Result<Cluster, std::string> cluster = co_await etcd_.members(endpoint);
    if (!cluster.ok()) continue;
    members = cluster->members;
    reached = true;
    break;
  }
  reached_ = reached;
  if (!reached) {
    const std::string key = kInitialClusterKey;
    const Result<std::optional<StoredObject>, std::string> object = co_await store_.get(key);
    if (!object.ok() || !*object) co_return;
    members = parse_initial_cluster((*object)->content);
  }
  std::vector<std::string> addresses;
  for (const Member& each : members)
    if (!each.learner && !each.name.empty() && !each.address.empty()) addresses.push_back(each.address);
  // What was known is better than nothing.
  if (!addresses.empty()) addresses_ = std::move(addresses);
}

Task<void> MemberList::follow() {
  while (true) {
    co_await refresh();
    co_await loop_.sleep(kLook);
  }
}

}  // namespace terrace::node
