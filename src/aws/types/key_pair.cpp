// aws_key_pair
#include "aws/encoding.h"
#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  fingerprint string c api=KeyFingerprint
  id string oc api=-
  key_name string oc new
  key_name_prefix string oc new api=-
  key_pair_id string c
  key_type string c
  public_key string r new api=-
  region string oc new api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
)";

Task<bool> create(Context& c) {
  std::string name = name_or_generated(c, "key_name", "key_name_prefix", "terraform-");
  // The API takes the text of the key file as a blob.
  std::string key = string_of(c.planned, "public_key");
  Json params = Json::object();
  params["KeyName"] = name;
  params["PublicKeyMaterial"] = base64_encode(key);
  Json tags = tag_specifications(c, "key-pair", false);
  if (!tags.empty()) params["TagSpecifications"] = std::move(tags);
  ApiResult done = co_await c.call("ec2", "ImportKeyPair", params);
  if (!done) co_return c.fail(done.error(), "importing");
  c.state["id"] = name;
  c.state["key_name"] = name;
  c.state["key_pair_id"] = done->value("KeyPairId", Json());
  c.state["fingerprint"] = done->value("KeyFingerprint", Json());
  co_return true;
}

Task<bool> read(Context& c) {
  Json pair;
  bool ok = co_await read_ec2(c, kKeyPairs, pair);
  if (!ok || c.state.is_null()) co_return ok;
  c.state["arn"] = ec2_arn(c, "key-pair", c.text("id"));
  if (c.state["key_name_prefix"].is_null()) c.state["key_name_prefix"] = "";
  if (c.state["key_type"].is_null()) c.state["key_type"] = "";
  co_return true;
}

Task<bool> remove(Context& c) {
  std::string name = c.text("id");
  bool ok = co_await remove_ec2(c, "DeleteKeyPair", "KeyName", name, "InvalidKeyPair.NotFound", "");
  co_return ok;
}

Task<bool> recover(Context& c) {
  c.state["id"] = name_or_generated(c, "key_name", "key_name_prefix", "terraform-");
  Result<Json, ApiError> pair = co_await c.describe(kKeyPairs, c.text("id"));
  if (!pair) co_return c.fail(pair.error(), "looking for");
  if (pair->is_null()) c.state["id"] = nullptr;
  co_return true;
}

}  // namespace

ResourceType key_pair() {
  ResourceType type;
  type.name = "aws_key_pair";
  type.schema_version = 1;
  type.table = kTable;
  type.title = "EC2 Key Pair";
  type.tags = TagStyle::kEc2;
  type.create = create;
  type.read = read;
  type.remove = remove;
  type.recover = recover;
  type.reads = "ec2:DescribeKeyPairs";
  type.changes = "ec2:DeleteKeyPair ec2:ImportKeyPair";
  return type;
}

}  // namespace terrace::aws::types
