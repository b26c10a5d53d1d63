// The provider hashicorp/tls: private keys, certificate requests, certificates, and data sources that read them.
// Registered by src/cli.
#pragma once

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/tls_peer.h"
#include "schema/provider.h"

namespace terrace::providers {

inline constexpr std::string_view kTlsSource = "registry.terraform.io/hashicorp/tls";

// All three outlive the provider.
std::unique_ptr<schema::Provider> make_tls_provider(Clock& clock, Random& random, TlsPeer& peer);

}  // namespace terrace::providers
