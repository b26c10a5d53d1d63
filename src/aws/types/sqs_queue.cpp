// aws_sqs_queue
#include <fmt/format.h>

#include "aws/policy.h"
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  content_based_deduplication bool o default=false api=-
  deduplication_scope string oc one_of=messageGroup|queue api=-
  delay_seconds number o default=0 api=-
  fifo_queue bool o default=false new api=-
  fifo_throughput_limit string oc one_of=perQueue|perMessageGroupId api=-
  id string oc api=-
  kms_data_key_reuse_period_seconds number oc api=-
  kms_master_key_id string o api=-
  max_message_size number o default=262144 api=-
  message_retention_seconds number o default=345600 api=-
  name string oc new api=-
  name_prefix string oc new api=-
  policy string oc policy api=-
  receive_wait_time_seconds number o default=0 api=-
  redrive_allow_policy string oc policy api=-
  redrive_policy string oc policy api=-
  region string oc new api=-
  sqs_managed_sse_enabled bool oc api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  url string c api=-
  visibility_timeout_seconds number o default=30 api=-
  block timeouts single api=- {
    create string o
    delete string o
    update string o
  }
)";

// The arguments that SQS keeps as attributes, all of them texts in its API.
enum class Form : uint8_t { kText, kNumber, kFlag };
struct Setting {
  const char* attribute;
  const char* name;
  Form form;
};
constexpr Setting kSettings[] = {{"content_based_deduplication", "ContentBasedDeduplication", Form::kFlag},
                                 {"deduplication_scope", "DeduplicationScope", Form::kText},
                                 {"delay_seconds", "DelaySeconds", Form::kNumber},
                                 {"fifo_queue", "FifoQueue", Form::kFlag},
                                 {"fifo_throughput_limit", "FifoThroughputLimit", Form::kText},
                                 {"kms_data_key_reuse_period_seconds", "KmsDataKeyReusePeriodSeconds", Form::kNumber},
                                 {"kms_master_key_id", "KmsMasterKeyId", Form::kText},
                                 {"max_message_size", "MaximumMessageSize", Form::kNumber},
                                 {"message_retention_seconds", "MessageRetentionPeriod", Form::kNumber},
                                 {"policy", "Policy", Form::kText},
                                 {"receive_wait_time_seconds", "ReceiveMessageWaitTimeSeconds", Form::kNumber},
                                 {"redrive_allow_policy", "RedriveAllowPolicy", Form::kText},
                                 {"redrive_policy", "RedrivePolicy", Form::kText},
                                 {"sqs_managed_sse_enabled", "SqsManagedSseEnabled", Form::kFlag},
                                 {"visibility_timeout_seconds", "VisibilityTimeout", Form::kNumber}};

constexpr TagCalls kTags{"sqs", "TagQueue", "UntagQueue", "Tags", "TagKeys", false, true};
constexpr const char* kAbsent = "AWS.SimpleQueueService.NonExistentQueue";

bool is_absent(const ApiError& error) {
  return is_code(error, {kAbsent, "QueueDoesNotExist", "NonExistentQueue"});
}

std::string name_for(const Context& c) {
  std::string given = string_of(c.planned, "name");
  if (!given.empty()) return given;
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  return bool_of(c.planned, "fifo_queue") ? name + ".fifo" : name;
}

std::string text_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : value.dump();
}

// What SQS has by itself is left out: it refuses some of it for queues of the other kind.
Json attributes_for_create(const Context& c) {
  Json attributes = Json::object();
  for (const Setting& setting : kSettings) {
    const Json& value = c.planned[setting.attribute];
    bool says = setting.form == Form::kFlag
                    ? value == true || std::string_view(setting.attribute) == "sqs_managed_sse_enabled"
                    : !text_of(value).empty();
    if (!value.is_null() && says) attributes[setting.name] = text_of(value);
  }
  return attributes;
}

Json attributes_for_update(const Context& c) {
  Json attributes = Json::object();
  for (const Setting& setting : kSettings) {
    if (c.changed(setting.attribute)) attributes[setting.name] = text_of(c.planned[setting.attribute]);
  }
  return attributes;
}

// SQS takes up to a minute until every part of it knows a queue's new attributes.
Task<bool> wait_for(Context& c, Json wanted, Duration limit) {
  Loop& loop = c.backend.loop();
  Duration end = loop.clock().monotonic() + limit;
  Json params = one_member("QueueUrl", c.state["id"]);
  params["AttributeNames"] = Json::array({"All"});
  std::string different;
  for (int attempt = 0;; ++attempt) {
    ApiResult answer = co_await c.call("sqs", "GetQueueAttributes", params);
    if (!answer && !is_absent(answer.error())) co_return c.fail(answer.error(), "waiting for");
    different.clear();
    const Json now = answer ? answer->value("Attributes", Json::object()) : Json::object();
    for (const auto& [name, value] : wanted.items()) {
      std::string text = value.get<std::string>(), found = string_of(now, name.c_str());
      // What SQS does not report, such as an attribute that was taken off, can't be waited for.
      if (now.contains("QueueArn") && !now.contains(name)) continue;
      if (!same_policy(found, text)) different = name;
    }
    if (different.empty() && now.contains("QueueArn")) co_return true;
    if (loop.clock().monotonic() > end) break;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("waiting for", fmt::format("its attribute {} is not what was set after the time limit", different));
}

Task<bool> create(Context& c) {
  Json params = one_member("QueueName", name_for(c));
  Json attributes = attributes_for_create(c);
  if (!attributes.empty()) params["Attributes"] = attributes;
  if (c.planned["tags_all"].is_object() && !c.planned["tags_all"].empty()) params["tags"] = c.planned["tags_all"];
  Duration limit = timeout_of(c, "create", std::chrono::minutes(3));
  // A name is free again a minute after its queue was deleted.
  ApiResult made = co_await call_while(
      c, "sqs", "CreateQueue", std::move(params),
      "AWS.SimpleQueueService.QueueDeletedRecently|QueueDeletedRecently|Invalid value for the parameter Policy", limit);
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["QueueUrl"];
  bool ok = co_await wait_for(c, std::move(attributes), limit);
  co_return ok;
}

void take(Context& c, const Json& attributes) {
  for (const Setting& setting : kSettings) {
    Json& value = c.state[setting.attribute];
    std::string text = string_of(attributes, setting.name);
    switch (setting.form) {
      case Form::kText:
        take_text(c, setting.attribute, text);
        break;
      case Form::kNumber:
        if (!text.empty()) value = std::strtoll(text.c_str(), nullptr, 10);
        break;
      case Form::kFlag:
        value = text == "true";
        break;
    }
  }
  // Only encrypted queues report it.
  if (!attributes.contains("KmsDataKeyReusePeriodSeconds")) c.state["kms_data_key_reuse_period_seconds"] = 300;
}

Task<bool> read(Context& c) {
  std::string url = c.text("id");
  Json params = one_member("QueueUrl", url);
  params["AttributeNames"] = Json::array({"All"});
  ApiResult answer = co_await c.backend.batches().share("sqs", "GetQueueAttributes", params, c.region);
  if (!answer && is_absent(answer.error())) {
    c.state = nullptr;
    co_return true;
  }
  if (!answer) co_return c.fail(answer.error(), "reading");
  const Json attributes = answer->value("Attributes", Json::object());
  take(c, attributes);
  c.state["arn"] = string_of(attributes, "QueueArn");
  c.state["name"] = url.substr(url.rfind('/') + 1);
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  c.state["url"] = url;
  params = one_member("QueueUrl", url);
  ApiResult tags = co_await c.backend.batches().share("sqs", "ListQueueTags", params, c.region);
  if (!tags) co_return c.fail(tags.error(), "reading tags of");
  c.state["tags_all"] = tags->value("Tags", Json::object());
  co_return true;
}

Task<bool> update(Context& c) {
  Json attributes = attributes_for_update(c);
  if (!attributes.empty()) {
    Json params = one_member("QueueUrl", c.state["id"]);
    params["Attributes"] = attributes;
    ApiResult done = co_await c.call("sqs", "SetQueueAttributes", std::move(params));
    if (!done) co_return c.fail(done.error(), "updating");
    bool ok = co_await wait_for(c, std::move(attributes), timeout_of(c, "update", std::chrono::minutes(3)));
    if (!ok) co_return false;
  }
  Json object = one_member("QueueUrl", c.state["id"]);
  bool ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

Task<bool> remove(Context& c) {
  Json params = one_member("QueueUrl", c.state["id"]);
  ApiResult done = co_await c.call("sqs", "DeleteQueue", params);
  if (!done && is_absent(done.error())) co_return true;
  if (!done) co_return c.fail(done.error(), "deleting");
  Duration end = c.backend.loop().clock().monotonic() + timeout_of(c, "delete", std::chrono::minutes(3));
  params["AttributeNames"] = Json::array({"QueueArn"});
  for (int attempt = 0; c.backend.loop().clock().monotonic() < end; ++attempt) {
    ApiResult left = co_await c.call("sqs", "GetQueueAttributes", params);
    if (!left && is_absent(left.error())) co_return true;
    if (!left) co_return c.fail(left.error(), "waiting for the deletion of");
    co_await pause_before(c, attempt);
  }
  co_return c.fail("deleting", "it is still there after the time limit");
}

Task<bool> recover(Context& c) {
  Json params = one_member("QueueName", name_for(c));
  ApiResult found = co_await c.call("sqs", "GetQueueUrl", params);
  if (!found && is_absent(found.error())) co_return true;
  if (!found) co_return c.fail(found.error(), "looking for");
  params = one_member("QueueUrl", (*found)["QueueUrl"]);
  params["AttributeNames"] = Json::array({"CreatedTimestamp"});
  ApiResult answer = co_await c.call("sqs", "GetQueueAttributes", params);
  if (!answer && is_absent(answer.error())) co_return true;
  if (!answer) co_return c.fail(answer.error(), "looking for");
  if (made_since(c, string_of(answer->value("Attributes", Json::object()), "CreatedTimestamp")))
    c.state["id"] = (*found)["QueueUrl"];
  co_return true;
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  bool fifo = bool_of(config, "fifo_queue");
  std::string name = string_of(config, "name");
  if (!name.empty() && !string_of(config, "name_prefix").empty())
    problems.push_back("name_prefix: conflicts with name");
  if (!fifo && bool_of(config, "content_based_deduplication"))
    problems.push_back("content_based_deduplication: only a queue with fifo_queue = true deduplicates");
  if (fifo && !name.empty() && !name.ends_with(".fifo"))
    problems.push_back("name: the name of a FIFO queue must end with .fifo: " + name);
  if (!string_of(config, "kms_master_key_id").empty() && config["sqs_managed_sse_enabled"].is_boolean())
    problems.push_back("sqs_managed_sse_enabled: conflicts with kms_master_key_id");
  return problems;
}

}  // namespace

ResourceType sqs_queue() {
  ResourceType type;
  type.name = "aws_sqs_queue";
  type.table = kTable;
  type.service = "sqs";
  type.title = "SQS Queue";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.validate = validate;
  type.reads = "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListQueueTags";
  type.changes = "sqs:CreateQueue sqs:DeleteQueue sqs:SetQueueAttributes sqs:TagQueue sqs:UntagQueue";
  return type;
}

}  // namespace terrace::aws::types
