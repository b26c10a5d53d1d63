// What several resource types do alike: generic creates and reads, waiting for what takes time, ARNs.
#pragma once

#include <string>
#include <vector>

#include "aws/table.h"
#include "aws/tags.h"

namespace terrace::aws::types {

// The input shape of an operation.
const Shape& input_shape(Context& context, const char* service, const char* operation);

// Calls again while the error's code is one of `codes` (with bars between them), or its message holds one, for at most
// `limit`. For AWS's delays: what was just made elsewhere, what is still going away.
Task<ApiResult> call_while(Context& context, std::string service, std::string operation, Json params, const char* codes,
                           Duration limit);

// Creates by the table: the operation's input from the planned attributes, with tags. The answer's member `result` is
// given in `made`, and state.id is its member `id`.
Task<bool> create_ec2(Context& context, const char* operation, const char* result, const char* id, const char* tag_type,
                      bool intent, Json& made);

// Reads by the table: the object of `kind` whose key is state.id, or null. Sets tags_all from its Tags.
Task<bool> read_ec2(Context& context, const Kind& kind, Json& object);

// Deletes by one operation with one parameter; an absent object is as good. `retry` as in call_while.
Task<bool> remove_ec2(Context& context, const char* operation, const char* parameter, std::string id,
                      const char* absent, const char* retry);

// arn:aws:ec2:REGION:ACCOUNT:KIND/ID
std::string ec2_arn(const Context& context, const std::string& kind, const std::string& id);
std::string arn(const Context& context, const std::string& service, const std::string& region,
                const std::string& account, const std::string& resource);

// Is the code one of these?
bool is_code(const ApiError& error, std::initializer_list<const char*> codes);

// The checksum that hashicorp/aws makes ids of.
uint32_t crc32_of(const std::string& text);

std::string string_of(const Json& object, const char* member);
bool bool_of(const Json& object, const char* member);
Json filters(std::initializer_list<std::pair<const char*, std::string>> pairs);

extern const Kind kVpcs, kSubnets, kInternetGateways, kRouteTables, kSecurityGroups, kSecurityGroupRules, kVpcEndpoints,
    kKeyPairs, kLaunchTemplates, kAutoScalingGroups;

// Makes `planned` hold the name of what has a name, a prefix, or neither. Gives the name for the create.
std::string name_or_generated(const Context& context, const char* name, const char* prefix,
                              const char* fallback_prefix);

// Waits between two questions of a loop that polls: one second, then more, at most ten.
Task<void> pause_before(Context& context, int attempt);

// The limit that the block `timeouts` sets for an operation ("create"), or `otherwise`.
Duration timeout_of(const Context& context, const char* operation, Duration otherwise);

// The two operations that tag an object where tags are no part of its own.
struct TagCalls {
  const char* service;
  const char* tag;      // "AddTags"
  const char* untag;    // "RemoveTags"
  const char* tags;     // member for the tags: a list of Key and Value
  const char* keys;     // member for the names to take off
  bool keyed = false;   // names are written as {"Key": name}
  bool mapped = false;  // tags are written as a map
  const char* key = "Key";
  const char* value = "Value";
};
// Writes what changed of tags_all; `object` holds the members that name the object.
Task<bool> update_tags(Context& context, const TagCalls& calls, Json object);

// What is in `from` and not in `without`; anything but an array counts as empty.
Json difference(const Json& from, const Json& without);

// Sets `params[member]` where the planned attribute says something.
void put_if_set(Json& params, const char* member, const Context& context, const char* attribute);

// An object of one member: the parameters of many operations.
Json one_member(const char* member, Json value);
// A block that stands once: a list of this object.
Json one_block(Json object);
// The first object of a block, or null.
Json first_block(const Json& attributes, const char* block);

// Sets state[attribute] to a text of the API's; an argument that is not computed stays null where there is none.
void take_text(Context& context, const char* attribute, const std::string& text);

// Tags as a list whose members are called `key` and `value`, as some services have them.
Json named_tags(const Json& tags, const char* key, const char* value);
Json tags_of(const Json& list, const char* key, const char* value);

}  // namespace terrace::aws::types
