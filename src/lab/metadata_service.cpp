#include "lab/metadata_service.h"

#include "lab/namespaces.h"

namespace terrace::lab {

namespace {

constexpr std::string_view kRoot = "/latest/";
constexpr int kLongestLife = 21600;  // seconds

}  // namespace

MetadataService::MetadataService(Loop& loop, Readiness& readiness, Random& random)
    : random_(random), server_(loop, readiness, [this](const node::PageRequest& request) { return answer(request); }) {}

Status<std::string> MetadataService::start(const std::string& network) {
  Status<std::string> listening;
  const Status<std::string> entered =
      inside_network(network, [&] { listening = server_.listen("169.254.169.254:80"); });
  return entered.ok() ? listening : entered;
}

node::Page MetadataService::answer(const node::PageRequest& request) {
  const auto header = [&](const std::string& name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
  };
  if (request.path == "/latest/api/token") {
    if (request.method != "PUT") return node::Page{405, "text/plain", ""};
    const int life = std::atoi(header("x-aws-ec2-metadata-token-ttl-seconds").c_str());
    if (life < 1 || life > kLongestLife) return node::Page{400, "text/plain", ""};
    return node::Page{200, "text/plain", *tokens_.insert(random_.uuid()).first};
  }
  if (!tokens_.contains(header("x-aws-ec2-metadata-token"))) return node::Page{401, "text/plain", ""};
  if (request.method != "GET" || !request.path.starts_with(kRoot)) return node::Page{404, "text/plain", ""};
  const auto found = documents_.find(request.path.substr(kRoot.size()));
  if (found == documents_.end()) return node::Page{404, "text/plain", ""};
  return node::Page{200, "text/plain", found->second};
}

}  // namespace terrace::lab
