// The process's way to AWS: API models, programs that give credentials, and one connection for each configuration. The
// providers and the commands on a cluster have one each.
#pragma once

#include "aws/models.h"
#include "aws/provider.h"
#include "cli/context.h"

namespace terrace::cli {

// What a process needs to reach AWS; outlives whatever it opens.
struct AwsAccess {
  explicit AwsAccess(Context& context);
  aws::Models models;
  aws::SystemProcessRunner processes;
  aws::SessionEffects effects;
  aws::ProviderPool pool;
};

}  // namespace terrace::cli
