// Writes what changes between two displayed values, as Terraform's plans do: signs, aligned names, hidden unchanged
// parts, line and JSON diffs. Plan, show and output texts are made of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/display.h"

namespace terrace::cli {

enum class Change : uint8_t { kNone, kCreate, kUpdate, kDelete };

// A path to something that forces a replacement: attribute and block names, keys, and indices as digits.
using ReplacePath = std::vector<std::string>;

struct ChangeStyle {
  bool color = false;
};

// None where both are absent, null or equal.
Change change_between(const Display* before, const Display* after);

// The inside of a resource's block: attributes, then blocks, a line each. `level` 1 is a resource of a plan, 0 one of a
// state. Either may be null for a create or a delete; both may be the same for a plain listing.
std::string block_change_text(const Display* before, const Display* after, Change change, int level,
                              const std::vector<ReplacePath>& replaces, const ChangeStyle& style);

// One `name = value` a change with names aligned, as in "Changes to Outputs": the members of two free objects.
// Unchanged members are left out, and count for the alignment.
std::string members_change_text(const Display& before, const Display& after, const ChangeStyle& style);

// `+`, `~`, `-` in their colours, or a space.
std::string change_sign(Change change, bool color);

// In double quotes with escapes for quotes, backslashes and what can't be seen.
std::string quoted(std::string_view text);

// True for a name that needs no quotes as an object's key.
bool is_plain_name(std::string_view text);

}  // namespace terrace::cli
