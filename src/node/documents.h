// The agent's documents as JSON text: the marker and the reports in the store, the record beside etcd's data. The
// agent, the process and the operator's commands include it.
#pragma once

#include <string>

#include "base/result.h"
#include "node/membership.h"

namespace terrace::node {

inline constexpr const char* kMarkerKey = "etcd/cluster.json";
inline constexpr const char* kInitialClusterKey = "etcd/initial-cluster";
inline constexpr const char* kReportPrefix = "etcd/nodes/";
std::string report_key(const std::string& instance);  // "etcd/nodes/i-1.json"

std::string to_text(const Marker& marker);
std::string to_text(const Record& record);
std::string to_text(const Report& report);

// Each error says what is wrong with the text.
Result<Marker, std::string> parse_marker(const std::string& text);
Result<Record, std::string> parse_record(const std::string& text);
Result<Report, std::string> parse_report(const std::string& text);

// The members as etcd's -initial-cluster takes them: "i-1=https://10.10.1.5:2380,i-2=...".
std::string initial_cluster(const std::vector<Member>& members);
// The same read back: ids and learners are not in it.
std::vector<Member> parse_initial_cluster(const std::string& text);

}  // namespace terrace::node
