#include "node/cluster_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace terrace::node {

namespace {

using Json = nlohmann::json;

std::string hex(uint64_t id) {
  return fmt::format("{:x}", id);
}
uint64_t unhex(const Json& value) {
  return std::stoull(value.get<std::string>(), nullptr, 16);
}

}  // namespace

std::string to_text(const ClusterReport& report) {
  Json members = Json::array();
  for (const MemberReport& each : report.members) {
    Json member{{"name", each.member.name},
                {"id", hex(each.member.id)},
                {"address", each.member.address},
                {"learner", each.member.learner},
                {"healthy", each.member.healthy}};
    if (each.member.healthy) {
      member["version"] = each.status.version;
      member["term"] = each.status.term;
      member["index"] = each.status.index;
      member["database_bytes"] = each.status.database_bytes;
      member["database_bytes_in_use"] = each.status.database_bytes_in_use;
    }
    members.push_back(std::move(member));
  }
  Json document{{"version", 1},
                {"time", report.time},
                {"cluster_id", hex(report.cluster_id)},
                {"leader", hex(report.leader)},
                {"members", std::move(members)},
                {"alarms", report.alarms},
                {"newest_snapshot", report.newest_snapshot}};
  if (report.backup)
    document["backup"] = Json{
        {"request", report.backup->request}, {"snapshot", report.backup->snapshot}, {"error", report.backup->error}};
  return document.dump(2) + "\n";
}

Result<ClusterReport, std::string> parse_cluster_report(const std::string& text) {
  try {
    const Json document = Json::parse(text);
    ClusterReport report;
    report.time = document.at("time").get<std::string>();
    report.cluster_id = unhex(document.at("cluster_id"));
    report.leader = unhex(document.at("leader"));
    report.alarms = document.at("alarms").get<std::vector<std::string>>();
    report.newest_snapshot = document.at("newest_snapshot").get<std::string>();
    for (const Json& each : document.at("members")) {
      MemberReport member;
      member.member.name = each.at("name").get<std::string>();
      member.member.id = unhex(each.at("id"));
      member.member.address = each.at("address").get<std::string>();
      member.member.learner = each.at("learner").get<bool>();
      member.member.healthy = each.at("healthy").get<bool>();
      member.status.version = each.value("version", "");
      member.status.term = each.value("term", uint64_t{0});
      member.status.index = each.value("index", uint64_t{0});
      member.status.database_bytes = each.value("database_bytes", uint64_t{0});
      member.status.database_bytes_in_use = each.value("database_bytes_in_use", uint64_t{0});
      report.members.push_back(std::move(member));
    }
    if (const auto backup = document.find("backup"); backup != document.end())
      report.backup = BackupAnswer{backup->at("request").get<std::string>(), backup->at("snapshot").get<std::string>(),
                                   backup->at("error").get<std::string>()};
    return report;
  } catch (const std::exception& error) {
    return Failure{std::string(kStatusObject) + " cannot be read: " + error.what()};
  }
}

std::string backup_request(const std::string& id) {
  return Json{{"version", 1}, {"request", id}}.dump() + "\n";
}

std::string parse_backup_request(const std::string& text) {
  const Json document = Json::parse(text, nullptr, false);
  return document.is_object() ? document.value("request", "") : "";
}

}  // namespace terrace::node
