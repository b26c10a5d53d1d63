// A network that answers from a script and keeps what it was sent.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/network.h"

namespace terrace::test {

class ScriptedNetwork final : public Network {
 public:
  // The next answers, in order.
  void answer(int status, std::string body, Headers headers = {}) {
    script_.push_back(HttpResult(HttpResponse{status, std::move(headers), std::move(body)}));
  }
  void fail(NetworkError error) { script_.push_back(HttpResult(Failure(std::move(error)))); }
  // Answers whatever the script has no answer for.
  void otherwise(std::function<HttpResult(const HttpRequest&)> handler) { handler_ = std::move(handler); }

  const std::vector<HttpRequest>& requests() const { return requests_; }
  std::size_t left() const { return script_.size(); }

  Task<HttpResult> send(HttpRequest request) override {
    requests_.push_back(request);
    if (!script_.empty()) {
      HttpResult next = std::move(script_.front());
      script_.pop_front();
      co_return next;
    }
    if (handler_) co_return handler_(request);
    co_return Failure(NetworkError{"the script has ended", false, false});
  }

 private:
  std::deque<HttpResult> script_;
  std::function<HttpResult(const HttpRequest&)> handler_;
  std::vector<HttpRequest> requests_;
};

}  // namespace terrace::test
