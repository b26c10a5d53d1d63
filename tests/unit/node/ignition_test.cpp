#include "node/ignition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace terrace::node {
namespace {

using ::testing::HasSubstr;

std::string with(const std::string& rest) {
  return R"({"ignition":{"version":"3.3.0"},)" + rest + "}";
}

std::string refusal(const std::string& rest) {
  const Result<NodeConfiguration, std::string> parsed = parse_ignition(with(rest));
  return parsed.ok() ? "accepted" : parsed.error();
}

TEST(Ignition, ReadsFilesUnitsAndUsers) {
  const Result<NodeConfiguration, std::string> parsed = parse_ignition(with(R"(
    "storage": {
      "filesystems": [{"device": "/dev/xvdb", "format": "ext4"}],
      "directories": [{"path": "/opt/data", "mode": 493}],
      "files": [
        {"path": "/etc/a", "mode": 384, "overwrite": true, "contents": {"source": "data:;base64,aGk="}},
        {"path": "/opt/b", "contents": {"source": "s3://bucket/some/key", "verification": {"hash": "sha512-abcd"}}},
        {"path": "/etc/empty"}
      ]},
    "systemd": {"units": [
      {"name": "a.service", "enabled": true, "contents": "[Unit]\n"},
      {"name": "docker.service", "dropins": [{"name": "10-disk.conf", "contents": "[Unit]\n"}]}
    ]},
    "passwd": {"users": [{"name": "core", "sshAuthorizedKeys": ["ssh-ed25519 AAAA me"]}]})"));
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  ASSERT_EQ(parsed->files.size(), 3u);
  EXPECT_EQ(parsed->files[0].mode, 0600u);
  EXPECT_EQ(*data_of(parsed->files[0].source), "hi");
  EXPECT_EQ(parsed->files[1].sha512, "abcd");
  EXPECT_EQ(parsed->files[2].mode, 0644u);
  EXPECT_EQ(parsed->directories, std::vector<std::string>{"/opt/data"});
  ASSERT_EQ(parsed->units.size(), 2u);
  EXPECT_EQ(parsed->units[0].enabled, true);
  EXPECT_FALSE(parsed->units[1].contents.has_value());
  EXPECT_EQ(parsed->units[1].drop_ins[0].name, "10-disk.conf");
  EXPECT_EQ(parsed->users[0].ssh_keys[0], "ssh-ed25519 AAAA me");
}

TEST(Ignition, NamesThePlaceOfWhatItCannotTakeUp) {
  EXPECT_EQ(refusal(R"("storage": {"files": [{"path": "/a", "append": [{"source": "data:,x"}]}]})"),
            "storage.files[0].append: a running node cannot take this up");
  EXPECT_EQ(refusal(R"("storage": {"files": [{"path": "etc/a"}]})"),
            "storage.files[0].path: \"etc/a\" is no absolute path of a file");
  EXPECT_THAT(refusal(R"("storage": {"files": [{"path": "/a/../../b"}]})"), HasSubstr("no absolute path"));
  EXPECT_EQ(refusal(R"("storage": {"files": [{"path": "/a", "contents": {"source": "https://example.com/a"}}]})"),
            "storage.files[0].contents.source: only data: and s3: are fetched, not https:");
  EXPECT_EQ(refusal(R"("storage": {"links": [{"path": "/a", "target": "/b"}]})"),
            "storage.links: a running node cannot take this up");
  EXPECT_EQ(refusal(R"("systemd": {"units": [{"name": "../a"}]})"), "systemd.units[0].name: it is no unit's name");
  EXPECT_EQ(refusal(R"("passwd": {"users": [{"name": "a b"}]})"), "passwd.users[0].name: it is no user's name");
  EXPECT_EQ(refusal(R"("storage": [])"), "storage: it must be an object");
  EXPECT_EQ(parse_ignition("{}").error(), "ignition.version: \"\" is not 3.x");
  EXPECT_EQ(parse_ignition("[").error(), "it is not a JSON object");
}

TEST(Ignition, FindsWhereAFirstStageSends) {
  EXPECT_EQ(*replacement_of(R"({"ignition":{"version":"3.3.0","config":{"replace":{"source":"s3://b/k"}}}})"),
            "s3://b/k");
  EXPECT_EQ(*replacement_of(with(R"("storage": {})")), "");
  EXPECT_FALSE(replacement_of("#cloud-config").ok());
  EXPECT_EQ(parse_s3_url("s3://bucket/etcd/ignition.json")->key, "etcd/ignition.json");
  EXPECT_FALSE(parse_s3_url("s3://bucket/"));
  EXPECT_FALSE(parse_s3_url("https://bucket/key"));
}

TEST(Ignition, ReadsDataUrls) {
  EXPECT_EQ(*data_of("data:,a%20b%0A"), "a b\n");
  EXPECT_EQ(*data_of("data:text/plain;charset=utf-8;base64,YQ=="), "a");
  EXPECT_FALSE(data_of("data:;base64,***").ok());
  EXPECT_FALSE(data_of("data:nothing").ok());
}

}  // namespace
}  // namespace terrace::node
