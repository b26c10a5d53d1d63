#include "state/state.h"

#include <gtest/gtest.h>

#include "base/file_system.h"

namespace terrace::state {
namespace {

std::string golden(const std::string& name) {
  SystemFileSystem files;
  Result<std::string, FileError> text = files.read(std::string(TERRACE_SOURCE_DIR) + "/tests/golden/state/" + name);
  return text.ok() ? *text : "";
}

TEST(State, WritesTheBytesThatTerraformWrites) {
  std::string text = golden("terraform_data.tfstate");
  ASSERT_FALSE(text.empty());
  Checked<State> state = parse_state(text, "terraform.tfstate");
  ASSERT_FALSE(state.diagnostics.has_errors());
  EXPECT_EQ(serialize_state(state.value), text);
}

TEST(State, KeepsKeysDeposedObjectsAndPrivateData) {
  State state;
  state.lineage = "lineage";
  state.serial = 3;
  ResourceAddress address{"module.m[\"a\"]", Mode::kManaged, "aws_vpc", "main"};
  auto object = std::make_shared<Object>();
  object->schema_version = 1;
  object->attributes = R"({"id":"vpc-1","n":1e3})";
  object->private_data = std::string("\x00\xFFz", 3);
  object->tainted = true;
  object->dependencies = state.dependencies({"aws_vpc.other"});
  state.at(address, int64_t{10}, "provider[\"p\"]").current = object;
  state.at(address, int64_t{9}, "provider[\"p\"]").deposed["00000001"] = object;
  std::string text = serialize_state(state);
  Checked<State> again = parse_state(text, "s");
  ASSERT_FALSE(again.diagnostics.has_errors());
  EXPECT_TRUE(same_content(state, again.value));
  EXPECT_EQ(again.value.find(address, int64_t{10})->current->private_data, object->private_data);
  EXPECT_EQ(serialize_state(again.value), text);
  EXPECT_LT(text.find("\"deposed\": \"00000001\""), text.find("\"index_key\": 10"));
}

TEST(State, RefusesANewerFormatAndATruncatedFile) {
  Checked<State> newer = parse_state(R"({"version": 5, "terraform_version": "9.0.0", "something": [})", "s");
  ASSERT_TRUE(newer.diagnostics.has_errors());
  EXPECT_NE(newer.diagnostics.items()[0].detail.find("format version 5"), std::string::npos);
  std::string text = golden("terraform_data.tfstate");
  for (size_t size = 0; size + 2 < text.size(); size += 97) {
    EXPECT_TRUE(parse_state(text.substr(0, size), "s").diagnostics.has_errors()) << size;
  }
  EXPECT_FALSE(parse_state(R"({"version": 4, "terraform_version": "9.9.9", "resources": [], "outputs": {}})", "s")
                   .diagnostics.has_errors());
}

TEST(State, AddressesReadAsTerraformWritesThem) {
  ResourceAddress address{"module.a[0]", Mode::kData, "aws_ami", "x"};
  EXPECT_EQ(address.instance_text(InstanceKey(std::string("k\"${1}"))), "module.a[0].data.aws_ami.x[\"k\\\"$${1}\"]");
  EXPECT_EQ(address.instance_text(InstanceKey(int64_t{3})), "module.a[0].data.aws_ami.x[3]");
}

}  // namespace
}  // namespace terrace::state
