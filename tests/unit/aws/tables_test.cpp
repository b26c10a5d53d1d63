// Every table of a resource type or data source is well-formed, knows its hooks, and names what hashicorp/aws names.
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "aws/models.h"
#include "aws/provider.h"
#include "aws/table.h"

namespace terrace::aws {
namespace {

TEST(Tables, EveryTypeIsWholeAndNamedOnce) {
  std::set<std::string> names;
  for (const ResourceType& type : resource_types()) {
    SCOPED_TRACE(type.name);
    EXPECT_TRUE(names.insert(type.name).second);
    Result<std::vector<Row>, std::string> rows = parse_rows(type.table);
    ASSERT_TRUE(rows.ok()) << rows.error();
    EXPECT_NE(type.create, nullptr);
    EXPECT_NE(type.read, nullptr);
    EXPECT_NE(type.remove, nullptr);
    EXPECT_NE(type.recover, nullptr) << "a killed create could not be found again";
    bool has_tags = false;
    bool has_region = false;
    for (const Row& row : *rows) {
      has_tags = has_tags || row.name == "tags_all";
      has_region = has_region || row.name == "region";
    }
    EXPECT_EQ(has_tags, type.tags != TagStyle::kNone);
    EXPECT_EQ(has_region, type.regional);
  }
  EXPECT_EQ(names.size(), 65U);
  EXPECT_EQ(data_sources().size(), 10U);
}

TEST(Tables, EveryServiceHasAModel) {
  Models models;
  for (const ResourceType& type : resource_types()) EXPECT_NE(models.service(type.service), nullptr) << type.name;
}

// Names and modes of a block as "name modes", nested ones with their path.
void list_rows(const std::vector<Row>& rows, const std::string& path, std::set<std::string>& out) {
  for (const Row& row : rows) {
    if (row.is_block) {
      list_rows(row.rows, path + row.name + ".", out);
    } else {
      out.insert(path + row.name + " " + (row.required ? "r" : "") + (row.optional ? "o" : "") +
                 (row.computed ? "c" : ""));
    }
  }
}

void list_schema(const Json& block, const std::string& path, std::set<std::string>& out) {
  for (const auto& [name, attribute] : block["attributes"].items())
    out.insert(path + name + " " + attribute[1].get<std::string>());
  if (!block.contains("blocks")) return;
  for (const auto& [name, nested] : block["blocks"].items()) list_schema(nested, path + name + ".", out);
}

// The provider's schema lies beside the checkout where there is one; its absence leaves the tables as they were
// compared last.
TEST(Tables, NamesAndModesAreTheProviders) {
  std::ifstream file(TERRACE_SOURCE_DIR "/../shared/aws-schema.json");
  Json schema = file ? Json::parse(file) : Json::object();
  std::size_t compared = 0;
  for (const ResourceType& type : resource_types()) {
    std::set<std::string> ours, theirs;
    list_rows(parse_rows(type.table).value(), "", ours);
    EXPECT_FALSE(ours.empty()) << type.name;
    if (!schema.contains("resources")) continue;
    list_schema(schema["resources"][type.name], "", theirs);
    EXPECT_EQ(ours, theirs) << type.name;
    ++compared;
  }
  EXPECT_TRUE(compared == 0 || compared == resource_types().size());
}

TEST(Tables, WhatIsWrongInATableIsTold) {
  EXPECT_EQ(parse_rows("a string o\nb string").error(), "b: NAME TYPE MODES is expected");
  EXPECT_EQ(parse_rows("a string x").error(), "a: no mode");
  EXPECT_EQ(parse_rows("a string o sideways").error(), "a: sideways means nothing");
  EXPECT_EQ(parse_rows("block b list {\n a string o\n").error(), "a closing brace is missing");
}

TEST(Tables, ArgumentsGoOutAndComeBackByTheirApiNames) {
  std::vector<Row> rows = parse_rows(R"(
    cidr_block string o
    amazon_provided bool o api=AmazonProvidedIpv6CidrBlock
    internal string o api=-
  )")
                              .value();
  Models models;
  const Shape& shape = *models.service("ec2")->operation("CreateVpc")->input.shape;
  Json attributes = {{"cidr_block", "10.0.0.0/16"}, {"amazon_provided", true}, {"internal", "x"}};
  Json params = to_api(rows, attributes, shape);
  EXPECT_EQ(params, (Json{{"CidrBlock", "10.0.0.0/16"}, {"AmazonProvidedIpv6CidrBlock", true}}));
  Json back = from_api(rows, params, Json{{"cidr_block", nullptr}, {"amazon_provided", nullptr}, {"internal", "x"}});
  EXPECT_EQ(back, attributes);
  // AWS says false where nothing was asked for: that is nothing, not a change.
  Json unset = from_api(rows, Json{{"AmazonProvidedIpv6CidrBlock", false}}, Json{{"amazon_provided", nullptr}});
  EXPECT_TRUE(unset["amazon_provided"].is_null());
}

}  // namespace
}  // namespace terrace::aws
