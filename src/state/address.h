// Addresses as an operator writes them: `module.a["x"].aws_vpc.main[0]`. The commands that take one parse it here.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "state/state.h"

namespace terrace::state {

// A module, a resource or an instance, by what is set.
struct Address {
  ResourceAddress resource;  // type and name empty: the module alone
  InstanceKey key;
  bool has_key = false;

  bool is_module() const { return resource.type.empty(); }
  // As states and plans write it.
  std::string text() const;
  // Does it hold the instance: name it, its resource, or a module around it?
  bool contains(const ResourceAddress& address, const InstanceKey& instance) const;
};

// Reads an address. The error says what is wrong with it and where. Whitespace around it is not allowed.
// https://developer.hashicorp.com/terraform/cli/state/resource-addressing
Result<Address, std::string> parse_address(std::string_view text);

// The same for what must be one instance: "aws_vpc.main" means the instance without a key.
Result<Address, std::string> parse_instance_address(std::string_view text);

}  // namespace terrace::state
