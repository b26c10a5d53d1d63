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

std::string string_of(const Json& object, const char* member);
bool bool_of(const Json& object, const char* member);
Json filters(std::initializer_list<std::pair<const char*, std::string>> pairs);

extern const Kind kVpcs, kSubnets, kInternetGateways, kRouteTables, kSecurityGroups, kSecurityGroupRules, kVpcEndpoints,
    kKeyPairs, kLaunchTemplates, kAutoScalingGroups;

// Makes `planned` hold the name of what has a name, a prefix, or neither. Gives the name for the create.
std::string name_or_generated(const Context& context, const char* name, const char* prefix,
                              const char* fallback_prefix);

// Two JSON documents with the same meaning, such as policies.
bool same_json(const std::string& a, const std::string& b);

}  // namespace terrace::aws::types
