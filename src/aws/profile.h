// The AWS CLI's shared files, ~/.aws/config and ~/.aws/credentials, as profiles. The credential chain and the client's
// configuration include it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"

namespace terrace::aws {

// The process's environment as it was when the program started; tests make their own.
using Environment = std::map<std::string, std::string, std::less<>>;
Environment process_environment();
// The value of `name`, or null where it is not set or empty.
const std::string* environment_value(const Environment& environment, std::string_view name);

// Keys and values of one section. A value with nested lines keeps them, trimmed, each after a newline.
using Profile = std::map<std::string, std::string, std::less<>>;

struct Profiles {
  std::map<std::string, Profile, std::less<>> profiles;
  std::map<std::string, Profile, std::less<>> sso_sessions;
  std::map<std::string, Profile, std::less<>> services;
  // The value of `key` in profile `name`, or null.
  const std::string* find(std::string_view name, std::string_view key) const;
};

// Reads the two files' texts. Settings in the credentials file win. The error names the line.
Result<Profiles, std::string> parse_profiles(std::string_view config, std::string_view credentials);

// The nested lines of a value: "\nmax_attempts = 3" gives {max_attempts: 3}.
Profile nested_settings(std::string_view value);

struct SharedFiles {
  std::vector<std::string> config_files;       // empty: AWS_CONFIG_FILE or ~/.aws/config
  std::vector<std::string> credentials_files;  // empty: AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials
};

// Reads the shared files, later ones over earlier ones; a file that is not there counts as empty.
Result<Profiles, std::string> load_profiles(const SharedFiles& files, const Environment& environment,
                                            FileSystem& file_system);

}  // namespace terrace::aws
