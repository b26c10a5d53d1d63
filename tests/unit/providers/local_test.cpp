#include "providers/local_provider.h"

#include "providers/null_provider.h"
#include "table_world.h"

namespace terrace::providers {
namespace {

using lang::Type;
using lang::Value;

struct LocalWorld : ProviderWorld {
  LocalWorld() { provider = make_local_provider(files, "stack"); }
};

TEST(LocalFile, IsWrittenNoticedAndRemoved) {
  LocalWorld world;
  Value made =
      world.create("local_file", {{"filename", Value::string("out/a.txt")}, {"content", Value::string("hello")}});
  EXPECT_EQ(*world.files.read("stack/out/a.txt"), "hello");
  EXPECT_EQ(made.attribute("content_md5").as_string(), "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(made.attribute("id").as_string(), "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d");
  EXPECT_EQ(made.attribute("file_permission").as_string(), "0777");
  EXPECT_TRUE(world.read("local_file", made).identical(made));
  world.files.put("stack/out/a.txt", "changed");
  EXPECT_TRUE(world.read("local_file", made).is_null());
  Value none = Value::null(made.type());
  EXPECT_FALSE(world.apply("local_file", made, none, none).diagnostics.has_errors());
  EXPECT_FALSE(world.files.exists("stack/out/a.txt"));
  EXPECT_TRUE(world.read("local_file", made).is_null());
}

TEST(LocalFile, TakesOneSourceOfContentAndOctalModes) {
  LocalWorld world;
  Value name = Value::string("f");
  EXPECT_EQ(world.invalid("local_file", {{"filename", name}}),
            "No attribute specified when one (and only one) of [content,sensitive_content,content_base64,source] is "
            "required");
  EXPECT_NE(world.invalid("local_sensitive_file", {{"filename", name}, {"content", name}, {"content_base64", name}}),
            "");
  EXPECT_NE(world.invalid("local_file", {{"filename", name}, {"content", name}, {"file_permission", name}}), "");
  EXPECT_EQ(world.invalid("local_file", {{"filename", name}, {"content", Value::unknown(Type::string())}}), "");
}

TEST(LocalSensitiveFile, IsSecretAndPrivate) {
  LocalWorld world;
  Value made = world.create("local_sensitive_file",
                            {{"filename", Value::string("/key")}, {"content_base64", Value::string("aGVsbG8=")}});
  EXPECT_EQ(*world.files.read("/key"), "hello");
  EXPECT_EQ(made.attribute("file_permission").as_string(), "0700");
  EXPECT_TRUE(world.type("local_sensitive_file").block.find_attribute("content")->sensitive);
}

TEST(LocalFileData, ReadsAFile) {
  LocalWorld world;
  world.files.put("stack/a", "hello");
  Value config = schema::empty_value(world.provider->schema().data_sources.at("local_file").block);
  config = config.with_attribute("filename", Value::string("a"));
  schema::DataResponse read = world.loop.run(world.provider->read_data({"local_file", config}));
  EXPECT_EQ(read.state.attribute("content_base64").as_string(), "aGVsbG8=");
  schema::DataResponse missing =
      world.loop.run(world.provider->read_data({"local_file", config.with_attribute("filename", Value::string("b"))}));
  EXPECT_TRUE(missing.diagnostics.has_errors());
}

TEST(NullResource, IsReplacedByItsTriggers) {
  ProviderWorld world;
  world.provider = make_null_provider(world.random);
  Value triggers = Value::map(Type::string(), {{"a", Value::string("1")}});
  Value made = world.create("null_resource", {{"triggers", triggers}});
  EXPECT_FALSE(made.attribute("id").as_string().empty());
  EXPECT_EQ(world.replaced_by("null_resource", made, {}), std::vector<std::string>{"triggers"});
  EXPECT_TRUE(world.import("null_resource", "1").is_null());
}

}  // namespace
}  // namespace terrace::providers
