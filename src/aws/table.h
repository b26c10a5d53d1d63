// A resource type as a table: its arguments and results with their modes and their names in the API, the operations by
// name, and code only where the type differs. One file of src/aws/types/ a type; the provider derives everything else.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "aws/batch.h"
#include "aws/client.h"
#include "base/task.h"
#include "diag/diagnostic.h"
#include "schema/schema.h"

namespace terrace::aws {

using Json = nlohmann::json;

// One argument, result or nested block. Written in a table's text as a line:
//   NAME TYPE MODES [api=NAME] [default=JSON] [one_of=a|b]
//   block NAME list|set|single [min=N] [max=N] [api=NAME] [new] { ... }
// MODES are letters as in the provider's schema (r required, o optional, c computed), followed by words: new (a change
// replaces the object), secret, wo (write-only), policy (an IAM policy document, compared by meaning). api=- is for
// what the API has no member for; without api= the name is the argument's in camel case.
struct Row {
  std::string name;
  std::string type;  // as lang's constraints write it; empty for a block
  bool required = false;
  bool optional = false;
  bool computed = false;
  bool force_new = false;
  bool secret = false;
  bool write_only = false;
  bool policy = false;
  std::string api;
  std::optional<Json> default_value;
  std::vector<std::string> one_of;
  // Of a block.
  bool is_block = false;
  schema::Nesting nesting = schema::Nesting::kList;
  int min_items = 0;
  int max_items = 0;
  std::vector<Row> rows;

  const Row* find(std::string_view name) const;
};

// Reads a table's text. An error is a mistake in the program; the tests read every table.
Result<std::vector<Row>, std::string> parse_rows(std::string_view text);

// The schema's block of these rows.
schema::Block block_of(const std::vector<Row>& rows);

// "vpc_id" as "VpcId".
std::string camel_case(std::string_view name);

// The members of `shape` that `attributes` set, by the rows' API names: nulls, empty strings and empty collections are
// left out, strings become the booleans and numbers that the shape has, tags maps become lists of Key and Value. What
// the shape has no member for is left out.
Json to_api(const std::vector<Row>& rows, const Json& attributes, const Shape& shape);

// Which blocks from_api takes over: those that the configuration has, because the API fills in the others by itself; or
// all, because the API has them only where somebody wrote them, so that an import finds them and their absence is
// drift.
enum class Blocks : uint8_t { kConfigured, kAll };

// `current` with every row that `object` has a member for taken from it. An optional argument that is not computed
// stays null where the API says nothing more than its zero.
Json from_api(const std::vector<Row>& rows, const Json& object, const Json& current,
              Blocks blocks = Blocks::kConfigured);

class Backend;

// One operation on one object. Attributes are JSON objects by the table's names; unknown values are null.
struct Context {
  Backend& backend;
  const struct ResourceType& type;
  const std::vector<Row>& rows;
  std::string region;
  Json config;
  Json prior;         // null for a create
  Json planned;       // null for a delete
  Json state;         // what exists; hooks fill it, "id" first
  std::string token;  // of a create's intent
  int64_t intent_time_s = 0;
  Diagnostics diagnostics;

  // A call in the object's region.
  Task<ApiResult> call(std::string service, std::string operation, Json params);
  // The object `id` of a kind, batched with others that are asked for at the same time; null where there is none.
  Task<Result<Json, ApiError>> describe(const Kind& kind, std::string id);
  // Says what failed: "creating EC2 VPC (vpc-1): operation error ...". Gives false.
  bool fail(const ApiError& error, std::string what);
  bool fail(std::string what, std::string why);
  bool changed(std::string_view attribute) const;      // between prior and planned
  std::string text(std::string_view attribute) const;  // of `state`, else of `planned`; empty where it is null
  std::string described() const;                       // " EC2 VPC (vpc-1)", for messages
};

// Tags by the API that keeps them.
enum class TagStyle : uint8_t { kNone, kEc2, kIamRole, kIamInstanceProfile, kS3Bucket, kS3Object, kOther };

using Hook = Task<bool> (*)(Context&);  // false: failed, diagnostics say why

struct ResourceType {
  std::string name;
  int64_t schema_version = 0;  // newest one that hashicorp/aws stores; states are written with 0, which it upgrades
  const char* table = "";
  const char* service = "ec2";
  const char* title = "";  // "EC2 VPC", for messages
  TagStyle tags = TagStyle::kNone;
  bool regional = true;  // has the argument `region`
  // Every operation that the hooks send, as "ec2:DescribeVpcs ec2:CreateVpc": in `reads` those of a plan, in `changes`
  // what an apply needs beside them. Those that tag objects of kEc2 are the provider's and stand in no table.
  // `terrace permissions` makes policies of them; the test layers/permissions holds them to the code.
  const char* reads = "";
  const char* changes = "";

  Hook create = nullptr;
  Hook read = nullptr;    // fills state; a null state means that the object is gone
  Hook update = nullptr;  // tags of kEc2 are the provider's own work
  Hook remove = nullptr;
  Hook recover =
      nullptr;  // finds what an intent made: sets state.id and whatever read needs; leaves null where there is nothing
  Hook import = nullptr;  // sets state from state.id where read needs more than the id
  // Changes the plan where the table is not enough. `unknown` has the attributes that are not known yet, which
  // `planned` has as null, and takes the names of others.
  void (*plan)(const Json& config, const Json& prior, Json& planned, std::vector<std::string>& unknown,
               std::vector<std::string>& replace) = nullptr;
  // Says what is wrong with a configuration, as "attribute: why".
  std::vector<std::string> (*validate)(const Json& config) = nullptr;
};

struct DataSource {
  std::string name;
  const char* table = "";
  Hook read = nullptr;     // config to state
  const char* reads = "";  // as a ResourceType's
  bool regional = true;
  std::vector<std::string> (*validate)(const Json& config) = nullptr;  // as a ResourceType's
};

// Every type that terrace has.
const std::vector<ResourceType>& resource_types();
const std::vector<DataSource>& data_sources();

}  // namespace terrace::aws
