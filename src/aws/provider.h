// The provider registry.terraform.io/hashicorp/aws: the tables of resource types behind the interface of
// schema::Provider. src/cli puts it into the registry.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "aws/backend.h"
#include "aws/table.h"
#include "schema/provider.h"

namespace terrace::aws {

inline constexpr std::string_view kAwsSource = "registry.terraform.io/hashicorp/aws";

// What all instances of a process share: effects, and one connection for each way to AWS. Outlives them.
class ProviderPool {
 public:
  ProviderPool(SessionEffects effects, Environment environment)
      : effects_(effects), environment_(std::move(environment)) {}

  // The backend of a configuration (provider attributes as JSON); its connection is made, with the credentials tried,
  // when one like it is first asked for.
  Task<Checked<std::shared_ptr<Backend>>> open(nlohmann::json config);

 private:
  struct Entry {
    explicit Entry(Loop& loop) : done(loop) {}
    Event done;
    Checked<std::shared_ptr<Connection>> result;
  };
  Task<void> connect(nlohmann::json config, std::shared_ptr<Entry> entry);

  SessionEffects effects_;
  Environment environment_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

// `working_directory` is what relative file names start from; empty means the process's own.
std::unique_ptr<schema::Provider> make_aws_provider(ProviderPool& pool, std::string working_directory);

// The schema of the provider block.
schema::Block provider_block();

}  // namespace terrace::aws
