// Tags: written to the API as lists of Key and Value, read back into `tags` and `tags_all`.
#pragma once

#include "aws/backend.h"
#include "aws/table.h"

namespace terrace::aws {

// {"a": "b"} as [{"Key": "a", "Value": "b"}].
Json tag_list(const Json& tags);
// The other way; also from members called TagKey or Name.
Json tag_map(const Json& list);

// TagSpecifications of an EC2 create: tags_all of the plan, and with `intent` the intent's tag.
Json tag_specifications(const Context& context, const char* resource_type, bool intent);

// True when an object with these tags (a list of Key and Value) can be what this context's create made: a create sends
// its tags along, so that one without them is somebody else's.
bool has_planned_tags(const Context& context, const Json& tags);

// state.tags_all as the API gave it becomes tags_all and tags: without ignored ones, AWS's and terrace's own, and in
// `tags` without defaults that the configuration does not repeat.
void split_tags(const Backend& backend, Context& context);

// CreateTags and DeleteTags for what changed between prior and planned.
Task<bool> update_ec2_tags(Context& context);
// The same difference for other services: tags to set, and names to take off.
struct TagChanges {
  Json set = Json::object();
  std::vector<std::string> remove;
};
TagChanges tag_changes(const Context& context);

// The objects of `kind` with the tag of this context's intent; the first one's id, or null.
Task<Result<Json, ApiError>> find_by_intent(Context& context, const char* operation, const char* result,
                                            const char* id);

}  // namespace terrace::aws
