// The lab's hub: the API, the nodes of the groups that it lists, and the controls that `terrace lab` turns. It is the
// first process of the lab's namespaces: when it ends, however it ends, the kernel takes the lab away.
#pragma once

#include <memory>
#include <string>

#include "base/curl_network.h"
#include "base/file_system.h"
#include "base/random.h"

namespace terrace::lab {

// Both are reached inside the lab's network alone.
inline constexpr const char* kApiUrl = "http://127.0.0.1:4566";
inline constexpr const char* kControlAddress = "127.0.0.1:9900";

struct HubEffects {
  Clock& clock;
  FileSystem& files;
  Random& random;
  Loop& loop;
  CurlNetwork& network;
};

struct HubOptions {
  std::string directory;  // the lab's
  std::string terraced;   // the agent's program
  std::string path;       // PATH of what it starts
};

// The lab's own record, which `terrace lab` writes when it has started the hub.
std::string record_path(const std::string& directory);

// Controls, all on kControlAddress: GET /status and /events?since=N; POST /kill, /boot, /wipe, /cut, /heal, /replace
// with ?nodes=A,B (and kill with &stay=1); POST /down. A node is meant by its name, its id, its role, "leader",
// "follower", "majority" or "all"; "api" can be cut and healed, too. They answer with JSON, or with status 400 and what
// is wrong.
class Hub {
 public:
  Hub(const HubEffects& effects, HubOptions options);
  ~Hub();
  // Until it is told to end. The exit code.
  int run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace terrace::lab
