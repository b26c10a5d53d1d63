// A small HTTP server for a loopback port: one GET a connection. The node's program serves health and metrics with it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/loop.h"
#include "base/stream.h"

namespace terrace::node {

struct Page {
  int status = 404;
  std::string type = "text/plain";
  std::string body = "not here\n";
};

class HttpServer {
 public:
  // `answer` gives the page for a path: "/health".
  HttpServer(Loop& loop, Readiness& readiness, std::function<Page(const std::string& path)> answer)
      : loop_(loop), readiness_(readiness), answer_(std::move(answer)) {}
  // Serves from now on, for as long as this lives. The error says why it cannot listen.
  Status<std::string> listen(const std::string& address);

 private:
  Task<void> serve();
  Task<void> serve_one(std::unique_ptr<Stream> stream);

  Loop& loop_;
  Readiness& readiness_;
  std::function<Page(const std::string& path)> answer_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace terrace::node
