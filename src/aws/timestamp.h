// Moments in the forms of AWS's protocols: ISO 8601, HTTP dates, seconds since 1970. src/aws and src/node.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace terrace::aws {

// Reads any of the three forms, with fraction and zone offset where they have one.
std::optional<Duration> parse_timestamp(std::string_view text);
// Seconds since 1970, kept to the microsecond.
Duration timestamp_of_seconds(double seconds);

// 2015-01-25T08:00:00Z, with up to three digits of a fraction where there is one.
std::string iso8601(Duration moment);
// The same with up to nine digits: the form of results.
std::string iso8601_exact(Duration moment);
// Sun, 25 Jan 2015 08:00:00 GMT
std::string http_date(Duration moment);
// 1422172800, with up to three digits of a fraction where there is one.
std::string unix_seconds(Duration moment);

}  // namespace terrace::aws
