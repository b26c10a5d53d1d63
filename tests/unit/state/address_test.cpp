#include "state/address.h"

#include <gtest/gtest.h>

namespace terrace::state {
namespace {

TEST(Address, ReadsResourcesInstancesAndModules) {
  for (const char* text : {"aws_vpc.main", "aws_subnet.etcd[0]", "aws_subnet.etcd[\"a.b\"]", "data.aws_ami.flatcar",
                           "module.a.aws_vpc.main", "module.a[\"x\"].module.b[1].data.aws_ami.flatcar[2]"}) {
    Result<Address, std::string> address = parse_address(text);
    ASSERT_TRUE(address) << text << ": " << address.error();
    EXPECT_EQ(address->resource.instance_text(address->key), text);
    EXPECT_FALSE(address->is_module());
  }
  Result<Address, std::string> module = parse_address("module.a[0].module.b");
  ASSERT_TRUE(module);
  EXPECT_TRUE(module->is_module());
  EXPECT_EQ(module->resource.module, "module.a[0].module.b");
}

TEST(Address, SaysWhatIsWrong) {
  for (const char* text :
       {"", "aws_vpc", "aws_vpc.", "aws_vpc.main[", "aws_vpc.main[x]", "aws_vpc.main[-1]", "aws_vpc.main[0]x", "module",
        "module.", "aws_vpc.main.id", " aws_vpc.main", "data.aws_ami"}) {
    Result<Address, std::string> address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_NE(address.error().find("is no resource address"), std::string::npos) << address.error();
  }
  EXPECT_FALSE(parse_instance_address("module.a"));
}

TEST(Address, ContainsWhatItNames) {
  ResourceAddress subnet{"module.a[0].module.b", Mode::kManaged, "aws_subnet", "etcd"};
  InstanceKey first = int64_t{0};
  EXPECT_TRUE(parse_address("module.a")->contains(subnet, first));
  EXPECT_TRUE(parse_address("module.a[0]")->contains(subnet, first));
  EXPECT_FALSE(parse_address("module.a[1]")->contains(subnet, first));
  EXPECT_FALSE(parse_address("module.aa")->contains(subnet, first));
  EXPECT_TRUE(parse_address("module.a[0].module.b.aws_subnet.etcd")->contains(subnet, first));
  EXPECT_FALSE(parse_address("module.a[0].module.b.aws_subnet.etcd[1]")->contains(subnet, first));
}

}  // namespace
}  // namespace terrace::state
