// What the types of Elastic Load Balancing v2 share: attributes that the API keeps as texts under keys, and tags by
// ARN.
#pragma once

#include <span>
#include <string>

#include "aws/types/common.h"

namespace terrace::aws::types {

// An argument that is such an attribute, for objects of the kinds whose bits are set.
struct KeyedAttribute {
  const char* attribute;
  const char* key;
  unsigned kinds;
};

// A list of Key and Value as an object.
Json keyed_values(const Json& list);
Json keyed_value(const char* key, const Json& value);

// The attributes to set: on a create what differs from the table's defaults, else what changed.
Json keyed_changes(const Context& context, std::span<const KeyedAttribute> attributes, unsigned kind);

// Takes what `values` has of them.
void take_keyed(Context& context, std::span<const KeyedAttribute> attributes, unsigned kind, const Json& values);

// Calls `operation` with these attributes, without those that the partition does not know.
Task<bool> put_keyed(Context& context, const char* operation, const char* arn_member, Json list);

// Tags of the object whose ARN is state.id.
Task<bool> read_lb_tags(Context& context);
Task<bool> update_lb_tags(Context& context);
// True when that object has the tags that this context's create gave it.
Task<Result<bool, ApiError>> has_lb_tags(Context& context, std::string arn);

}  // namespace terrace::aws::types
