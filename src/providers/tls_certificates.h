// The resource types of provider tls that are requests and certificates. Included by tls_provider.cpp.
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "providers/table_provider.h"

namespace terrace::providers {

TableType tls_cert_request();
TableType tls_self_signed_cert(Clock& clock, Random& random);
TableType tls_locally_signed_cert(Clock& clock, Random& random);

}  // namespace terrace::providers
