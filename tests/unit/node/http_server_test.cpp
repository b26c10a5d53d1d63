#include "node/http_server.h"

#include <gtest/gtest.h>

#include "base/curl_network.h"

namespace terrace::node {
namespace {

class HttpServerTest : public testing::Test {
 protected:
  SystemClock clock_;
  Loop loop_{clock_, nullptr};
  CurlNetwork network_{loop_, CurlOptions{}};

  HttpServerTest() { loop_.set_waiter(&network_); }
  ~HttpServerTest() override { loop_.drop_tasks(); }

  // A server on a free port.
  std::unique_ptr<HttpServer> serve(HttpServer::Answer answer) {
    auto server = std::make_unique<HttpServer>(loop_, network_, std::move(answer));
    for (int port = 20000; port < 60000; port += 37) {
      address_ = "127.0.0.1:" + std::to_string(port);
      if (server->listen(address_).ok()) break;
    }
    return server;
  }

  HttpResult ask(const std::string& method, const std::string& target, Headers headers = {}) {
    HttpRequest request;
    request.method = method;
    request.url = "http://" + address_ + target;
    request.headers = std::move(headers);
    request.use_proxy = false;
    request.timeout = std::chrono::seconds(5);
    return loop_.run(network_.send(std::move(request)));
  }

  std::string address_;
};

TEST_F(HttpServerTest, TellsItsAnswererWhatWasAsked) {
  const auto server = serve([](const PageRequest& request) {
    std::string body = request.method + " " + request.path;
    for (const auto& [name, value] : request.query) body += " " + name + "=" + value;
    return Page{200, "text/plain", body + " " + request.headers.at("x-token")};
  });
  const HttpResult answer = ask("PUT", "/latest/a%2Fb?nodes=etcd-1%2Cetcd-2&stay=1", {{"X-Token", "t"}});
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "PUT /latest/a/b nodes=etcd-1,etcd-2 stay=1 t");
}

TEST_F(HttpServerTest, AnswersNothingOnceItIsGone) {
  int asked = 0;
  auto server = serve([&asked](const PageRequest&) {
    ++asked;
    return Page{200, "text/plain", ""};
  });
  ASSERT_TRUE(ask("GET", "/").ok());
  server.reset();
  EXPECT_FALSE(ask("GET", "/").ok());  // its task ends in the turns that this takes
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace terrace::node
