#include "node/documents.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace terrace::node {

using nlohmann::json;

namespace {

// Ids are 64 bits wide and JSON readers lose them as numbers: etcd writes them in hexadecimal.
std::string hex(uint64_t id) {
  return fmt::format("{:x}", id);
}
uint64_t unhex(const json& value) {
  return std::stoull(value.get<std::string>(), nullptr, 16);
}

template <typename T, typename Read>
Result<T, std::string> parse(const std::string& text, const char* what, Read read) {
  try {
    const json document = json::parse(text);
    if (document.at("version").get<int>() != 1)
      return Failure{fmt::format("{} has a format version that this program does not know", what)};
    return read(document);
  } catch (const std::exception& error) {
    return Failure{fmt::format("{} cannot be read: {}", what, error.what())};
  }
}

}  // namespace

std::string report_key(const std::string& instance) {
  return kReportPrefix + instance + ".json";
}

std::string to_text(const Marker& marker) {
  json document{{"version", 1}, {"generation", marker.generation}};
  if (marker.kind == Marker::Kind::kFormed) {
    document["state"] = "formed";
    document["token"] = marker.token;
    document["cluster_id"] = hex(marker.cluster_id);
    document["seed"] = marker.seed;
  } else {
    document["state"] = "restore";
    document["snapshot"] = marker.snapshot;
    document["request"] = marker.restore;
  }
  return document.dump(2) + "\n";
}

std::string to_text(const Record& record) {
  json document{{"version", 1},
                {"instance", record.instance},
                {"token", record.token},
                {"generation", record.generation},
                {"cluster_id", hex(record.cluster_id)},
                {"member_id", hex(record.member_id)},
                {"phase", record.phase == Phase::kSeeding ? "seeding" : "member"}};
  if (!record.restore.empty()) document["restore"] = record.restore;
  return document.dump(2) + "\n";
}

std::string to_text(const Report& report) {
  json document{{"version", 1}, {"instance", report.instance}, {"address", report.address}, {"data", report.has_data}};
  if (report.has_data) document["token"] = report.token;
  return document.dump(2) + "\n";
}

Result<Marker, std::string> parse_marker(const std::string& text) {
  return parse<Marker>(text, kMarkerKey, [](const json& document) {
    Marker marker;
    marker.generation = document.at("generation").get<uint64_t>();
    const std::string state = document.at("state").get<std::string>();
    if (state == "formed") {
      marker.token = document.at("token").get<std::string>();
      marker.cluster_id = unhex(document.at("cluster_id"));
      marker.seed = document.at("seed").get<std::string>();
    } else if (state == "restore") {
      marker.kind = Marker::Kind::kRestore;
      marker.snapshot = document.at("snapshot").get<std::string>();
      marker.restore = document.at("request").get<std::string>();
    } else {
      throw std::invalid_argument("its state is neither formed nor restore");
    }
    return marker;
  });
}

Result<Record, std::string> parse_record(const std::string& text) {
  return parse<Record>(text, "the record of etcd's data", [](const json& document) {
    Record record;
    record.instance = document.at("instance").get<std::string>();
    record.token = document.at("token").get<std::string>();
    record.generation = document.at("generation").get<uint64_t>();
    record.cluster_id = unhex(document.at("cluster_id"));
    record.member_id = unhex(document.at("member_id"));
    record.phase = document.at("phase").get<std::string>() == "seeding" ? Phase::kSeeding : Phase::kMember;
    record.restore = document.value("restore", "");
    return record;
  });
}

Result<Report, std::string> parse_report(const std::string& text) {
  return parse<Report>(text, "a node's report", [](const json& document) {
    return Report{document.at("instance").get<std::string>(), document.at("address").get<std::string>(),
                  document.at("data").get<bool>(), document.value("token", "")};
  });
}

std::string initial_cluster(const std::vector<Member>& members) {
  std::string text;
  for (const Member& each : members) {
    if (!text.empty()) text += ',';
    text += fmt::format("{}=https://{}:2380", each.name, each.address);
  }
  return text;
}

std::vector<Member> parse_initial_cluster(const std::string& text) {
  std::vector<Member> members;
  size_t at = 0;
  while (at < text.size()) {
    const size_t comma = std::min(text.find_first_of(",\n", at), text.size());
    const std::string one = text.substr(at, comma - at);
    at = comma + 1;
    const size_t equals = one.find('=');
    const size_t host = one.find("://");
    const size_t port = one.rfind(':');
    if (equals == std::string::npos || host == std::string::npos || port <= host) continue;
    Member member;
    member.name = one.substr(0, equals);
    member.address = one.substr(host + 3, port - host - 3);
    members.push_back(member);
  }
  return members;
}

}  // namespace terrace::node
