// The providers that are in the binary, by source address. src/cli fills it with factories and hands it to plan and
// apply.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "schema/provider.h"

namespace terrace::providers {

using Factory = std::function<std::unique_ptr<schema::Provider>()>;

class Registry final : public schema::ProviderRegistry {
 public:
  // `source` in full: registry.terraform.io/hashicorp/aws.
  void add(std::string source, Factory factory);

  std::unique_ptr<schema::Provider> make(std::string_view source) override;
  const schema::ProviderSchema* schema(std::string_view source) override;
  std::vector<std::string> sources() const override;

 private:
  struct Entry {
    Factory factory;
    std::unique_ptr<schema::Provider> for_schema;  // made when a schema is first asked for
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace terrace::providers
