// An emulated AWS for tests: moto_server as a child process on a free loopback port, ended with the object.
#pragma once

#include <sys/types.h>

#include <string>

namespace terrace::test {

class MotoServer {
 public:
  // Starts the server (TERRACE_MOTO_SERVER, else the project's .venv/bin/moto_server, else the one on PATH) and waits
  // until it accepts connections. Throws std::runtime_error where it does not start within a minute.
  MotoServer();
  ~MotoServer();
  MotoServer(const MotoServer&) = delete;
  MotoServer& operator=(const MotoServer&) = delete;

  const std::string& url() const { return url_; }  // "http://127.0.0.1:40123"
  int port() const { return port_; }

 private:
  void stop();

  std::string url_;
  int port_ = 0;
  pid_t child_ = -1;
};

// The one server of this test program, started when first asked for. Tests keep apart by names.
MotoServer& shared_moto_server();

}  // namespace terrace::test
