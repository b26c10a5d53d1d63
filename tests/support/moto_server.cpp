#include "support/moto_server.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace terrace::test {

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int free_port() {
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ::close(socket);
    throw std::runtime_error("no free loopback port");
  }
  ::close(socket);
  return ntohs(address.sin_port);
}

bool accepts(int port) {
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(port);
  bool connected = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return connected;
}

std::string executable() {
  if (const char* given = std::getenv("TERRACE_MOTO_SERVER")) return given;
  std::string own = TERRACE_SOURCE_DIR "/.venv/bin/moto_server";
  return ::access(own.c_str(), X_OK) == 0 ? own : "moto_server";
}

}  // namespace

MotoServer::MotoServer() : port_(free_port()) {
  url_ = "http://127.0.0.1:" + std::to_string(port_);
  std::string program = executable();
  std::string port = std::to_string(port_);
  std::string images = "MOTO_AMIS_PATH=" TERRACE_SOURCE_DIR "/tests/fixtures/amis.json";
  std::vector<char*> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.push_back(*entry);
  environment.push_back(images.data());
  environment.push_back(nullptr);
  pid_t parent = ::getpid();
  child_ = ::fork();
  if (child_ < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (child_ == 0) {
    // It must not outlive a test program that dies.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    int null = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
    const char* arguments[] = {program.c_str(), "-H", "127.0.0.1", "-p", port.c_str(), nullptr};
    ::execvpe(program.c_str(), const_cast<char**>(arguments), environment.data());
    ::_exit(127);
  }
  auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!accepts(port_)) {
    int status = 0;
    if (::waitpid(child_, &status, WNOHANG) == child_) {
      child_ = -1;
      throw std::runtime_error(program + " ended at once; TERRACE_MOTO_SERVER can name another");
    }
    if (std::chrono::steady_clock::now() > deadline) {
      stop();
      throw std::runtime_error(program + " does not accept connections");
    }
    ::poll(nullptr, 0, 50);
  }
}

void MotoServer::stop() {
  if (child_ < 0) return;
  ::kill(child_, SIGTERM);
  int status = 0;
  while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
  child_ = -1;
}

MotoServer::~MotoServer() {
  stop();
}

MotoServer& shared_moto_server() {
  static MotoServer server;
  return server;
}

}  // namespace terrace::test
