// What nodes publish and what operators ask, as text and back.
#include <gtest/gtest.h>

#include "base/stream.h"
#include "node/certificate_requests.h"
#include "node/cluster_report.h"
#include "node/machines.h"
#include "node/report_page.h"

namespace terrace::node {
namespace {

TEST(Published, TheStateOfTheClusterComesBackAsItWas) {
  ClusterReport report;
  report.time = "2026-11-26T16:00:00Z";
  report.cluster_id = 0xfedcba9876543210;
  report.leader = 2;
  report.members.push_back(
      {Member{2, "i-1", "10.0.0.1", false, true}, EtcdStatus{1, 2, 2, 7, 99, 4096, 2048, false, "3.4.23"}});
  report.members.push_back({Member{3, "i-2", "10.0.0.2", true, false}, {}});
  report.alarms = {"NOSPACE"};
  report.newest_snapshot = "etcd/snapshots/2026-11-26T16-00-00Z.db";
  report.backup = BackupAnswer{"r1", "", "no space"};
  const Result<ClusterReport, std::string> back = parse_cluster_report(to_text(report));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(to_text(*back), to_text(report));
  EXPECT_EQ(back->members[0].status.index, 99U);
  EXPECT_EQ(parse_cluster_report("{}").ok(), false);
  EXPECT_EQ(parse_backup_request(backup_request("r1")), "r1");
  EXPECT_EQ(parse_backup_request("?"), "");
}

TEST(Published, MachinesStandByRoleAndId) {
  const Machine worker{"i-1", "10.0.0.1", {{"role", "worker"}}};
  const Machine etcd{"i-2", "10.0.0.2", {{"role", "etcd"}}};
  const Result<std::vector<Machine>, std::string> back = parse_machines(to_text(std::vector<Machine>{worker, etcd}));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, (std::vector<Machine>{etcd, worker}));
  EXPECT_EQ(*parse_machine(to_text(worker)), worker);
  EXPECT_FALSE(parse_machine("[]").ok());
}

TEST(Published, ARequestCountsForTheInstanceBehindTheColon) {
  EXPECT_EQ(requester_of("etcd/requests/AROAEXAMPLE:i-1"), "i-1");
  EXPECT_EQ(requester_of("etcd/requests/i-1"), "");
}

TEST(Published, AFamilyOfMetricsHasOneHeader) {
  Metrics metrics;
  metrics.gauge("lag", "How far behind.", 1, "member=\"i-1\"");
  metrics.gauge("lag", "How far behind.", 2.5, "member=\"i-2\"");
  EXPECT_EQ(metrics.text(),
            "# HELP terraced_lag How far behind.\n# TYPE terraced_lag gauge\n"
            "terraced_lag{member=\"i-1\"} 1\nterraced_lag{member=\"i-2\"} 2.5\n");
}

TEST(Published, AddressesAreIpv4AndAPort) {
  EXPECT_EQ(parse_socket_address("127.0.0.1:9977")->port, 9977);
  for (const char* text : {"", "127.0.0.1", "localhost:80", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:80x"})
    EXPECT_FALSE(parse_socket_address(text)) << text;
}

}  // namespace
}  // namespace terrace::node
