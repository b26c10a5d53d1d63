// Routes of route tables: aws_route, and the inline routes of aws_route_table.
#pragma once

#include <string>

#include "aws/types/common.h"

namespace terrace::aws::types {

// The destination of a route's attributes, whichever of its arguments holds it; empty where none does.
std::string route_destination(const Json& route);

// A route of the API as the attributes of an inline route: null for what it does not have, as a configuration leaves it
// out, or it would be another element of the set.
Json route_attributes(const Json& route);

// CreateRoute or ReplaceRoute in `table` for a route's attributes.
Task<bool> put_route(Context& context, const char* operation, std::string table, Json route);
// DeleteRoute; an absent one is as good.
Task<bool> delete_route(Context& context, std::string table, Json route);

}  // namespace terrace::aws::types
