#include "cli/aws_access.h"

namespace terrace::cli {

AwsAccess::AwsAccess(Context& context)
    : effects{context.loop, context.network, context.files, context.random, models, processes, context.log},
      pool(effects, aws::process_environment()) {}

}  // namespace terrace::cli
