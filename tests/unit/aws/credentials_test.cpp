#include "aws/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "aws/client.h"
#include "aws/models.h"
#include "aws/session.h"
#include "support/scripted_network.h"

namespace terrace::aws {
namespace {

using test::ScriptedNetwork;
using testing::HasSubstr;
using testing::SizeIs;

// Files from a map; nothing can be written.
class MapFiles final : public FileSystem {
 public:
  std::map<std::string, std::string> files;

  Result<std::string, FileError> read(const std::string& path) override {
    auto found = files.find(path);
    if (found == files.end()) return Failure(FileError{ENOENT, "open " + path + ": No such file or directory"});
    return found->second;
  }
  Status<FileError> write_atomic(const std::string&, std::string_view, uint32_t) override { return {}; }
  Result<std::unique_ptr<AppendFile>, FileError> open_append(const std::string&, uint32_t) override {
    return Failure(FileError{EROFS, "read-only"});
  }
  Result<FileInfo, FileError> info(const std::string&) override { return Failure(FileError{ENOENT, "none"}); }
  Result<std::vector<DirectoryEntry>, FileError> list(const std::string&) override {
    return Failure(FileError{ENOENT, "none"});
  }
  Status<FileError> make_directories(const std::string&, uint32_t) override { return {}; }
  Status<FileError> remove(const std::string&) override { return {}; }
  Status<FileError> rename(const std::string&, const std::string&) override { return {}; }
  Result<std::optional<std::unique_ptr<FileLock>>, FileError> try_lock(const std::string&) override {
    return Failure(FileError{EROFS, "read-only"});
  }
};

class ScriptedProcess final : public ProcessRunner {
 public:
  std::string output;
  std::string command;
  Result<std::string, std::string> run(const std::string& used) override {
    command = used;
    return output;
  }
};

struct ChainTest : testing::Test {
  VirtualClock clock;
  VirtualWaiter waiter{clock};
  Loop loop{clock, &waiter};
  ScriptedNetwork network;
  SeededRandom random{5};
  Models models;
  MapFiles files;
  ScriptedProcess processes;
  NoLog log;
  Environment environment = {{"HOME", "/home/op"}};
  CredentialSettings settings;

  CredentialsResult find() {
    CredentialChain chain(loop, network, files, random, models, processes, environment, settings, log);
    return loop.run(chain.credentials());
  }
};

constexpr const char* kRoleAnswer =
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s"
    "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2023-11-14T23:13:20Z</Expiration></Credentials>"
    "</AssumeRoleResult></AssumeRoleResponse>";

TEST_F(ChainTest, NamesEverySourceItTried) {
  network.fail(NetworkError{"169.254.169.254: timed out", true, false});
  CredentialsResult result = find();
  ASSERT_FALSE(result.ok());
  std::string text = result.error().describe();
  for (const char* source : {"provider block: access_key is not set", "environment variables: AWS_ACCESS_KEY_ID",
                             "web identity token: AWS_WEB_IDENTITY_TOKEN_FILE", "shared files: there is no profile",
                             "container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "instance metadata: 169.254"}) {
    EXPECT_THAT(text, HasSubstr(source));
  }
  EXPECT_THAT(result.error().tried, SizeIs(6));
}

TEST_F(ChainTest, TakesTheProviderBlockThenTheEnvironment) {
  environment["AWS_ACCESS_KEY_ID"] = "AKIAENV";
  environment["AWS_SECRET_ACCESS_KEY"] = "s";
  EXPECT_EQ(find()->access_key_id, "AKIAENV");
  settings.access_key = "AKIABLOCK";
  settings.secret_key = "s";
  EXPECT_EQ(find()->access_key_id, "AKIABLOCK");
  environment.erase("AWS_SECRET_ACCESS_KEY");
  settings = CredentialSettings{};
  EXPECT_THAT(find().error().describe(), HasSubstr("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY"));
}

TEST_F(ChainTest, ReadsProfiles) {
  files.files["/home/op/.aws/credentials"] =
      "[default]\naws_access_key_id = AKIADEF\naws_secret_access_key = s\n"
      "[ops]\naws_access_key_id = AKIAOPS\naws_secret_access_key = s\n";
  EXPECT_EQ(find()->access_key_id, "AKIADEF");
  environment["AWS_PROFILE"] = "ops";
  EXPECT_EQ(find()->access_key_id, "AKIAOPS");
  settings.profile = "missing";
  EXPECT_THAT(find().error().describe(), HasSubstr("there is no profile \"missing\""));
}

TEST_F(ChainTest, AProfileOfTheProviderBlockOutranksTheEnvironment) {
  environment["AWS_ACCESS_KEY_ID"] = "AKIAENV";
  environment["AWS_SECRET_ACCESS_KEY"] = "s";
  files.files["/home/op/.aws/credentials"] = "[ops]\naws_access_key_id = AKIAOPS\naws_secret_access_key = s\n";
  settings.profile = "ops";
  EXPECT_EQ(find()->access_key_id, "AKIAOPS");
}

TEST_F(ChainTest, AssumesAProfilesRole) {
  files.files["/home/op/.aws/config"] =
      "[profile ops]\nrole_arn = arn:aws:iam::1:role/ops\nsource_profile = base\nexternal_id = x1\n"
      "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n";
  environment["AWS_PROFILE"] = "ops";
  network.answer(200, kRoleAnswer);
  CredentialsResult result = find();
  ASSERT_TRUE(result.ok()) << result.error().describe();
  EXPECT_EQ(result->access_key_id, "ASIAROLE");
  EXPECT_THAT(network.requests()[0].body, HasSubstr("ExternalId=x1"));
  EXPECT_THAT(*find_header(network.requests()[0].headers, "Authorization"), HasSubstr("AKIABASE"));
}

TEST_F(ChainTest, FindsProfilesThatTurnInCircles) {
  files.files["/home/op/.aws/config"] =
      "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n";
  environment["AWS_PROFILE"] = "a";
  EXPECT_THAT(find().error().describe(), HasSubstr("is its own source_profile"));
}

TEST_F(ChainTest, AsksAProcess) {
  files.files["/home/op/.aws/config"] = "[profile p]\ncredential_process = /opt/keys --for me\n";
  environment["AWS_PROFILE"] = "p";
  processes.output = R"({"Version": 1, "AccessKeyId": "AKIAPROC", "SecretAccessKey": "s"})";
  EXPECT_EQ(find()->access_key_id, "AKIAPROC");
  EXPECT_EQ(processes.command, "/opt/keys --for me");
  processes.output = "{}";
  EXPECT_THAT(find().error().describe(), HasSubstr("did not print a JSON object of version 1"));
}

TEST_F(ChainTest, TradesAWebIdentityTokenUnsigned) {
  files.files["/token"] = "JWT\n";
  environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/token";
  environment["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  std::string answer = kRoleAnswer;
  for (std::size_t at; (at = answer.find("AssumeRoleRes")) != std::string::npos;) {
    answer.replace(at, 10, "AssumeRoleWithWebIdentity");
  }
  network.answer(200, answer);
  CredentialsResult result = find();
  ASSERT_TRUE(result.ok()) << result.error().describe();
  EXPECT_THAT(network.requests()[0].body, HasSubstr("WebIdentityToken=JWT"));
  EXPECT_EQ(find_header(network.requests()[0].headers, "Authorization"), nullptr);
}

TEST_F(ChainTest, AsksTheContainerHost) {
  environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/creds";
  environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "tok";
  network.answer(200,
                 R"({"AccessKeyId":"ASIAECS","SecretAccessKey":"s","Token":"t","Expiration":"2030-01-01T00:00:00Z"})");
  EXPECT_EQ(find()->access_key_id, "ASIAECS");
  EXPECT_EQ(network.requests()[0].url, "http://169.254.170.2/v2/creds");
  EXPECT_EQ(*find_header(network.requests()[0].headers, "Authorization"), "tok");
  environment.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://evil.example.com/";
  EXPECT_THAT(find().error().describe(), HasSubstr("must be https"));
}

TEST_F(ChainTest, AsksTheInstanceWithAToken) {
  network.otherwise([](const HttpRequest& request) -> HttpResult {
    if (request.method == "PUT") return HttpResponse{200, {}, "IMDSTOKEN"};
    if (find_header(request.headers, "x-aws-ec2-metadata-token") == nullptr) return HttpResponse{401, {}, ""};
    if (request.url.ends_with("security-credentials/")) return HttpResponse{200, {}, "node\n"};
    return HttpResponse{
        200, {}, R"({"AccessKeyId":"ASIAEC2","SecretAccessKey":"s","Token":"t","Expiration":"2030-01-01T00:00:00Z"})"};
  });
  CredentialsResult result = find();
  ASSERT_TRUE(result.ok()) << result.error().describe();
  EXPECT_EQ(result->source, "instance metadata, role node");
  for (const HttpRequest& request : network.requests()) EXPECT_FALSE(request.use_proxy);
  environment["AWS_EC2_METADATA_DISABLED"] = "true";
  EXPECT_THAT(find().error().describe(), HasSubstr("instance metadata: it is switched off"));
}

// Answers after a while, so that others ask meanwhile.
class SlowNetwork final : public Network {
 public:
  SlowNetwork(Loop& loop, Network& network) : loop_(loop), network_(network) {}
  Task<HttpResult> send(HttpRequest request) override {
    Duration pause = std::chrono::milliseconds(20);
    co_await loop_.sleep(pause);
    HttpResult result = co_await network_.send(std::move(request));
    co_return result;
  }

 private:
  Loop& loop_;
  Network& network_;
};

Task<void> keep(CredentialChain& chain, std::vector<std::string>& ids) {
  const CredentialsResult result = co_await chain.credentials();
  ids.push_back(result.ok() ? result->access_key_id : "none");
}

Task<void> keep_several(Loop& loop, CredentialChain& chain, std::vector<std::string>& ids) {
  TaskGroup group(loop);
  for (int i = 0; i < 3; ++i) group.add(keep(chain, ids));
  co_await group.join();
}

TEST_F(ChainTest, CallsAtTheSameTimeAskTheInstanceOnce) {
  int roles = 0;
  bool is_there = false;
  network.otherwise([&](const HttpRequest& request) -> HttpResult {
    if (!is_there) return HttpResponse{404, {}, ""};
    if (request.method == "PUT") return HttpResponse{200, {}, "IMDSTOKEN"};
    if (request.url.ends_with("security-credentials/")) return HttpResponse{200, {}, "node\n"};
    ++roles;
    return HttpResponse{
        200, {}, R"({"AccessKeyId":"ASIAEC2","SecretAccessKey":"s","Token":"t","Expiration":"2030-01-01T00:00:00Z"})"};
  });
  SlowNetwork slow(loop, network);
  CredentialChain chain(loop, slow, files, random, models, processes, environment, settings, log);
  std::vector<std::string> ids;
  loop.run(keep_several(loop, chain, ids));
  EXPECT_EQ(ids, std::vector<std::string>(3, "none"));
  is_there = true;
  clock.advance(std::chrono::minutes(1));
  ids.clear();
  loop.run(keep_several(loop, chain, ids));
  EXPECT_EQ(ids, std::vector<std::string>(3, "ASIAEC2"));
  EXPECT_EQ(roles, 1);
}

// Breaks as no network should: by an exception.
class ThrowingNetwork final : public Network {
 public:
  ThrowingNetwork(Network& network) : network_(network) {}
  Task<HttpResult> send(HttpRequest request) override {
    if (!has_thrown) {
      has_thrown = true;
      throw std::runtime_error("out of memory");
    }
    HttpResult result = co_await network_.send(std::move(request));
    co_return result;
  }
  bool has_thrown = false;

 private:
  Network& network_;
};

Task<void> keep_or_note(CredentialChain& chain, std::vector<std::string>& ids) {
  try {
    const CredentialsResult result = co_await chain.credentials();
    ids.push_back(result.ok() ? result->access_key_id : "none");
  } catch (const std::runtime_error& error) {
    ids.push_back(error.what());
  }
}

Task<void> keep_or_note_several(Loop& loop, CredentialChain& chain, std::vector<std::string>& ids) {
  TaskGroup group(loop);
  for (int i = 0; i < 3; ++i) group.add(keep_or_note(chain, ids));
  co_await group.join();
}

HttpResult container_answer(const HttpRequest&) {
  return HttpResponse{200, {}, R"({"AccessKeyId":"K","SecretAccessKey":"s","Expiration":"2030-01-01T00:00:00Z"})"};
}

TEST_F(ChainTest, AFetchThatThrowsLeavesNobodyWaiting) {
  environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/c";
  network.otherwise(container_answer);
  ThrowingNetwork throwing(network);
  SlowNetwork slow(loop, throwing);
  CredentialChain chain(loop, slow, files, random, models, processes, environment, settings, log);
  std::vector<std::string> ids;
  loop.run(keep_or_note_several(loop, chain, ids));
  EXPECT_EQ(ids, (std::vector<std::string>{"out of memory", "K", "K"}));
}

TEST_F(ChainTest, AFetchThatIsDroppedLeavesNobodyWaiting) {
  environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/c";
  network.otherwise(container_answer);
  SlowNetwork slow(loop, network);
  CredentialChain chain(loop, slow, files, random, models, processes, environment, settings, log);
  std::vector<std::string> ids;
  for (int i = 0; i < 2; ++i) loop.spawn(keep(chain, ids));
  Duration shorter = std::chrono::milliseconds(1);
  loop.run([](Loop& on, Duration pause) -> Task<void> { co_await on.sleep(pause); }(loop, shorter));
  loop.drop_tasks();
  EXPECT_THAT(ids, SizeIs(0));
  EXPECT_EQ(loop.run(chain.credentials())->access_key_id, "K");
}

TEST_F(ChainTest, RefreshesBeforeTheyExpire) {
  environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/c";
  int asked = 0;
  network.otherwise([&](const HttpRequest&) -> HttpResult {
    ++asked;
    std::string expires = rfc3339(clock.wall() + std::chrono::hours(1));
    return HttpResponse{200,
                        {},
                        "{\"AccessKeyId\":\"K" + std::to_string(asked) +
                            "\",\"SecretAccessKey\":\"s\",\"Expiration\":\"" + expires + "\"}"};
  });
  CredentialChain chain(loop, network, files, random, models, processes, environment, settings, log);
  EXPECT_EQ(loop.run(chain.credentials())->access_key_id, "K1");
  clock.advance(std::chrono::minutes(50));
  EXPECT_EQ(loop.run(chain.credentials())->access_key_id, "K1");
  clock.advance(std::chrono::minutes(6));
  EXPECT_EQ(loop.run(chain.credentials())->access_key_id, "K2");
  chain.expired();
  EXPECT_EQ(loop.run(chain.credentials())->access_key_id, "K3");
}

TEST_F(ChainTest, ASessionWiresItAll) {
  files.files["/home/op/.aws/config"] =
      "[profile ops]\nregion = eu-west-3\naws_access_key_id = AKIAOPS\n"
      "aws_secret_access_key = s\n";
  environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9/base";
  SessionSettings session_settings;
  session_settings.config.profile = "ops";
  session_settings.assume_roles.push_back(AssumeRole{"arn:aws:iam::1:role/deploy", {}, {}, {}, {}, {}, {}});
  SessionEffects effects{loop, network, files, random, models, processes, log};
  network.answer(200, kRoleAnswer);
  network.answer(200, "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>");
  auto session = loop.run(Session::open(effects, session_settings, environment));
  ASSERT_TRUE(session.ok()) << session.error();
  EXPECT_EQ((*session)->region(), "eu-west-3");
  ApiResult result = loop.run((*session)->client().call("ec2", "DescribeVpcs", nlohmann::json::object()));
  ASSERT_TRUE(result.ok()) << result.error().describe();
  ASSERT_EQ(network.requests().size(), 2u);
  EXPECT_EQ(network.requests()[0].url, "http://127.0.0.1:9/base/");
  EXPECT_THAT(*find_header(network.requests()[0].headers, "Authorization"), HasSubstr("AKIAOPS/"));
  EXPECT_THAT(*find_header(network.requests()[1].headers, "Authorization"), HasSubstr("ASIAROLE/"));
}

TEST_F(ChainTest, ASessionAsksTheInstanceForARegion) {
  network.answer(200, "IMDSTOKEN");
  network.answer(200, "ap-south-1");
  SessionEffects effects{loop, network, files, random, models, processes, log};
  auto session = loop.run(Session::open(effects, SessionSettings{}, environment));
  ASSERT_TRUE(session.ok());
  EXPECT_EQ((*session)->region(), "ap-south-1");
}

TEST(Process, RunsWithoutAShell) {
  SystemProcessRunner runner;
  auto output = runner.run("printf '%s|' \"a b\" c\\ d $HOME");
  ASSERT_TRUE(output.ok()) << output.error();
  EXPECT_EQ(*output, "a b|c d|$HOME|");
  EXPECT_THAT(runner.run("false").error(), HasSubstr("exit code 1"));
  EXPECT_THAT(runner.run("/nowhere/program").error(), HasSubstr("No such file"));
}

TEST(Profiles, FollowTheSharedFilesRules) {
  auto parsed = parse_profiles(
      "# comment\n[default]\nregion = us-east-1 ; note\n[profile default]\nregion=eu-west-1\n[profile a b]\nx=1\n"
      "[foo]\nx=1\n[profile dev] ; words\nS3 =\n  addressing_style = path\n  x = y\nurl = http://h/#frag\n"
      "[services local]\nec2 =\n  endpoint_url = http://e\n[sso-session corp]\nsso_region = r\n",
      "[dev]\nregion = from-credentials\n[profile no]\nx=1\n");
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  EXPECT_EQ(*parsed->find("default", "region"), "eu-west-1");
  EXPECT_EQ(*parsed->find("dev", "s3"), "\naddressing_style = path\nx = y");
  EXPECT_EQ(*parsed->find("dev", "url"), "http://h/#frag");
  EXPECT_EQ(*parsed->find("dev", "region"), "from-credentials");
  EXPECT_THAT(parsed->profiles, SizeIs(2));
  EXPECT_EQ(parsed->sso_sessions["corp"]["sso_region"], "r");
  EXPECT_EQ(nested_settings(parsed->services["local"]["ec2"])["endpoint_url"], "http://e");
  EXPECT_THAT(parse_profiles("x = 1\n", "").error(), HasSubstr("line 1"));
  EXPECT_THAT(parse_profiles("[default\n", "").error(), HasSubstr("\"]\""));
  EXPECT_THAT(parse_profiles("", "[a]\nx\n").error(), HasSubstr("credentials file, line 2"));
}

TEST(Config, SettlesEachSettingInOrder) {
  MapFiles files;
  files.files["/home/op/.aws/config"] =
      "[default]\nregion = from-profile\nservices = local\nendpoint_url = http://all\nmax_attempts = 3\n"
      "[services local]\nelastic_load_balancing_v2 =\n  endpoint_url = http://lb\n";
  Environment environment = {{"HOME", "/home/op"}};
  auto config = resolve_config(ConfigSettings{}, environment, files);
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config->region, "from-profile");
  EXPECT_EQ(config->max_attempts, 3);
  EXPECT_EQ(custom_endpoint(*config, "elbv2", "elastic_load_balancing_v2"), "http://lb");
  EXPECT_EQ(custom_endpoint(*config, "ec2", "ec2"), "http://all");
  environment["AWS_REGION"] = "from-environment";
  environment["AWS_ENDPOINT_URL"] = "http://env";
  environment["AWS_ENDPOINT_URL_AUTO_SCALING"] = "http://asg";
  ConfigSettings settings;
  settings.endpoints["s3"] = "http://block";
  config = resolve_config(settings, environment, files);
  EXPECT_EQ(config->region, "from-environment");
  EXPECT_EQ(custom_endpoint(*config, "elbv2", "elastic_load_balancing_v2"), "http://env");
  EXPECT_EQ(custom_endpoint(*config, "autoscaling", "auto_scaling"), "http://asg");
  EXPECT_EQ(custom_endpoint(*config, "s3", "s3"), "http://block");
  environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  config = resolve_config(settings, environment, files);
  EXPECT_EQ(custom_endpoint(*config, "ec2", "ec2"), "");
  environment["AWS_MAX_ATTEMPTS"] = "many";
  EXPECT_FALSE(resolve_config(settings, environment, files).ok());
}

}  // namespace
}  // namespace terrace::aws
