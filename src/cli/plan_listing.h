// A plan in a line an object: what up and down ask about, and what status says of a stack.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace terrace::cli {

// "  + aws_vpc.this", "  ~ aws_subnet.b  (tags)", "-/+ aws_instance.c  (forced by ami)"; no-ops are left out.
std::string plan_listing(const plan::Plan& plan, bool color);

// The arguments and attributes that differ, by name; secret ones are named, too.
std::vector<std::string> changed_attributes(const lang::Value& before, const lang::Value& after);

}  // namespace terrace::cli
