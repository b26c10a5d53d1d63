// What zones and records of Route 53 share.
#pragma once

#include <string>

#include "aws/types/common.h"

namespace terrace::aws::types {

// "Z123" of "/hostedzone/Z123"; the same for changes.
std::string zone_id_of(const std::string& id);

// Waits until the change in an answer's ChangeInfo has reached every name server.
Task<bool> wait_for_change(Context& context, const Json& answer);

// One change batch of a zone, waited for. False after the error was told as "`what` ...".
Task<bool> change_records(Context& context, std::string zone, Json changes, const char* what);

}  // namespace terrace::aws::types
