#include "base/curl_network.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace terrace {
namespace {

using testing::HasSubstr;
using testing::Not;

// Takes one connection after another on a free loopback port, keeps each request, and sends the answers in order; an
// empty answer closes the connection without one.
class TinyServer {
 public:
  explicit TinyServer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    ::listen(socket_, 16);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TinyServer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  void serve() {
    for (const std::string& answer : answers_) {
      int connection = ::accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos || !body_is_whole(request)) {
        ssize_t got = ::read(connection, buffer, sizeof buffer);
        if (got <= 0) break;
        request.append(buffer, static_cast<std::size_t>(got));
      }
      requests_.push_back(request);
      if (!answer.empty()) (void)!::write(connection, answer.data(), answer.size());
      ::close(connection);
    }
  }
  static bool body_is_whole(const std::string& request) {
    std::size_t at = request.find("Content-Length: ");
    if (at == std::string::npos) return true;
    std::size_t length = std::stoul(request.substr(at + 16));
    return request.size() >= request.find("\r\n\r\n") + 4 + length;
  }

  std::vector<std::string> answers_;
  std::vector<std::string> requests_;
  int socket_ = -1;
  int port_ = 0;
  std::thread thread_;
};

struct CurlTest : testing::Test {
  SystemClock clock;
  Loop loop{clock, nullptr};
  CurlNetwork network{loop, CurlOptions{}};
  CurlTest() { loop.set_waiter(&network); }

  HttpResult send(HttpRequest request) { return loop.run(network.send(std::move(request))); }
};

TEST_F(CurlTest, SendsWhatItIsGivenAndNothingElse) {
  TinyServer server(
      {"HTTP/1.1 201 Created\r\nX-One: 1\r\nX-Two:  2 \r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"});
  HttpRequest request;
  request.method = "PUT";
  request.url = server.url() + "/a/../b%20c?x=1";
  request.headers = {{"X-Given", "yes"}, {"X-Empty", ""}};
  request.body = std::string("\0body", 5);
  HttpResult result = send(request);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->status, 201);
  EXPECT_EQ(result->body, "ok");
  EXPECT_EQ(*find_header(result->headers, "x-one"), "1");
  EXPECT_EQ(*find_header(result->headers, "X-TWO"), "2");
  const std::string& sent = server.requests().at(0);
  EXPECT_THAT(sent, testing::StartsWith("PUT /a/../b%20c?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(sent, HasSubstr("X-Given: yes\r\n"));
  EXPECT_THAT(sent, HasSubstr("X-Empty:\r\n"));
  EXPECT_THAT(sent, testing::EndsWith(request.body));
  for (const char* own : {"Expect:", "Accept:", "Content-Type:", "User-Agent:"}) {
    EXPECT_THAT(sent, Not(HasSubstr(own)));
  }
}

TEST_F(CurlTest, SpeaksToThisMachineWithoutAProxy) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  TinyServer server({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"});
  HttpRequest request;
  request.url = server.url();
  HttpResult result = send(request);
  unsetenv("http_proxy");
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->status, 200);
}

TEST_F(CurlTest, SendsHeadsAndEmptyPosts) {
  TinyServer server({"HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\nConnection: close\r\n\r\n",
                     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"});
  HttpRequest head;
  head.method = "HEAD";
  head.url = server.url();
  EXPECT_EQ(send(head)->status, 404);
  HttpRequest post;
  post.method = "POST";
  post.url = server.url();
  EXPECT_EQ(send(post)->status, 200);
  EXPECT_THAT(server.requests().at(1), HasSubstr("Content-Length: 0\r\n"));
}

TEST_F(CurlTest, TellsRefusalsFromLostAnswers) {
  std::string dead;
  {
    TinyServer gone({});
    dead = gone.url();
  }
  HttpRequest request;
  request.url = dead;
  HttpResult result = send(request);
  ASSERT_FALSE(result.ok());
  EXPECT_FALSE(result.error().maybe_received);
  EXPECT_TRUE(result.error().retryable);
  EXPECT_THAT(result.error().message, HasSubstr("127.0.0.1"));

  TinyServer silent({""});
  request.url = silent.url();
  result = send(request);
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error().maybe_received);

  request.url = "nonsense://x";
  result = send(request);
  ASSERT_FALSE(result.ok());
  EXPECT_FALSE(result.error().retryable);
}

TEST_F(CurlTest, WakesForADescriptor) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Event event(loop);
  network.set_wakeup(ends[0], [&] {
    char byte;
    (void)!read(ends[0], &byte, 1);
    event.set();
  });
  struct Run {
    static Task<void> wait(Event& event) { co_await event; }
  };
  (void)!write(ends[1], "x", 1);
  loop.run(Run::wait(event));
  EXPECT_TRUE(event.is_set());
  network.set_wakeup(-1, {});
  close(ends[0]);
  close(ends[1]);
}

TEST_F(CurlTest, SleepsOnTheLoopsTimers) {
  struct Run {
    static Task<void> sleep(Loop& loop) { co_await loop.sleep(std::chrono::milliseconds(20)); }
  };
  Duration start = clock.monotonic();
  loop.run(Run::sleep(loop));
  EXPECT_GE(clock.monotonic() - start, std::chrono::milliseconds(20));
}

TEST(CurlOptions, FindTheCertificates) {
  auto look_up = [](const char* name) -> const char* {
    return std::string_view(name) == "SSL_CERT_FILE" ? "/c" : nullptr;
  };
  EXPECT_EQ(ca_bundle_from_environment(look_up), "/c");
  EXPECT_EQ(ca_bundle_from_environment([](const char*) -> const char* { return nullptr; }), "");
}

}  // namespace
}  // namespace terrace
