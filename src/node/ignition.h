// A node's Ignition configuration (spec 3.x, https://coreos.github.io/ignition/configuration-v3_3/), as far as a
// running system can take it up. Ignition itself applies it on the first boot; node/bootstrap.h keeps the system to it
// afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace terrace::node {

struct ConfiguredFile {
  std::string path;    // absolute
  std::string source;  // "data:...", "s3://BUCKET/KEY"; empty for an empty file
  std::string sha512;  // hex; empty where nothing is promised
  uint32_t mode = 0644;
};

struct ConfiguredUnit {
  struct DropIn {
    std::string name;  // "10-own-disk.conf"
    std::string contents;
  };
  std::string name;
  std::optional<bool> enabled;
  std::optional<std::string> contents;  // nothing: the image has the unit
  std::vector<DropIn> drop_ins;
};

struct ConfiguredUser {
  std::string name;
  std::vector<std::string> ssh_keys;
};

struct NodeConfiguration {
  std::vector<std::string> directories;
  std::vector<ConfiguredFile> files;
  std::vector<ConfiguredUnit> units;
  std::vector<ConfiguredUser> users;
};

// Disks and file systems are Ignition's alone and are passed over: a change of theirs takes a new node. What else is
// not understood is an error that names it, so that nothing is taken up by half.
Result<NodeConfiguration, std::string> parse_ignition(const std::string& text);

// Where a first stage, the user-data, sends for the configuration: its ignition.config.replace.source. Empty where it
// is the configuration itself.
Result<std::string, std::string> replacement_of(const std::string& user_data);

// The bytes of a data URL (RFC 2397), plain or in base64.
Result<std::string, std::string> data_of(const std::string& url);

struct ObjectAddress {
  std::string bucket;
  std::string key;
};
// "s3://BUCKET/KEY"; nothing where it is none.
std::optional<ObjectAddress> parse_s3_url(const std::string& url);

}  // namespace terrace::node
