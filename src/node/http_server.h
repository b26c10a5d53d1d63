// A small HTTP server: one request without a body a connection. The node's program serves health and metrics with it,
// the lab instance metadata and its own controls.
#pragma once

#include <functional>
#include <map>
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

struct PageRequest {
  std::string method;                          // "GET"
  std::string path;                            // "/health", without the query
  std::map<std::string, std::string> query;    // percent-decoded
  std::map<std::string, std::string> headers;  // names in lower case
};

class HttpServer {
 public:
  using Answer = std::function<Page(const PageRequest&)>;
  HttpServer(Loop& loop, Readiness& readiness, Answer answer);
  // Nothing is answered any more.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Serves from now on, for as long as this lives, in the network namespace that the thread is in now. The error says
  // why it cannot listen.
  Status<std::string> listen(const std::string& address);

 private:
  // What its tasks hold: they may outlive the server by a turn of the loop.
  struct Service;
  static Task<void> serve(std::shared_ptr<Service> service);
  static Task<void> serve_one(std::shared_ptr<Service> service, std::unique_ptr<Stream> stream);
  std::shared_ptr<Service> service_;
};

}  // namespace terrace::node
