#include "base/loop.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace terrace {

void VirtualWaiter::wait(std::optional<Duration> timeout) {
  if (!timeout) {
    std::fputs("the loop waits for ever: no timer and nothing outside can wake it\n", stderr);
    std::abort();
  }
  clock_.advance(*timeout);
}

// The coroutine at the bottom of a spawned task; it destroys itself at its end.
struct Loop::Root {
  struct promise_type {
    Root get_return_object() { return Root{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Loop::~Loop() {
  drop_tasks();
}

void Loop::drop_tasks() {
  std::vector<std::coroutine_handle<>> roots = std::move(roots_);
  roots_.clear();
  for (std::coroutine_handle<> root : roots) root.destroy();
  // What was to be resumed was theirs; what they owned may have woken others on its way out.
  ready_.clear();
  idle_.clear();
  timers_ = {};
}

namespace {
struct Self {
  std::coroutine_handle<> handle;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> self) noexcept {
    handle = self;
    return false;
  }
  std::coroutine_handle<> await_resume() const noexcept { return handle; }
};
}  // namespace

Loop::Root Loop::start(Task<void> task, bool* done) {
  std::coroutine_handle<> self = co_await Self{};
  try {
    co_await task;
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
  }
  if (done != nullptr) *done = true;
  std::erase(roots_, self);
}

void Loop::spawn(Task<void> task) {
  Root root = start(std::move(task), nullptr);
  roots_.push_back(root.handle);
  post(root.handle);
}

void Loop::run_to_end(Task<void> task) {
  bool done = false;
  Root root = start(std::move(task), &done);
  roots_.push_back(root.handle);
  post(root.handle);
  while (!done) {
    turn();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }
}

void Loop::add_timer(Duration length, std::coroutine_handle<> handle) {
  timers_.push(Timer{clock_.monotonic() + std::max(length, Duration{0}), order_++, handle});
}

void Loop::turn() {
  if (ready_.empty() && !idle_.empty()) {
    for (std::coroutine_handle<> handle : std::exchange(idle_, {})) post(handle);
  }
  if (ready_.empty()) {
    std::optional<Duration> timeout;
    if (!timers_.empty()) timeout = std::max(timers_.top().at - clock_.monotonic(), Duration{0});
    waiter_->wait(timeout);
    Duration now = clock_.monotonic();
    while (!timers_.empty() && timers_.top().at <= now) {
      post(timers_.top().handle);
      timers_.pop();
    }
  }
  for (std::size_t count = ready_.size(); count > 0 && !ready_.empty(); --count) {
    std::coroutine_handle<> next = ready_.front();
    ready_.pop_front();
    next.resume();
  }
}

}  // namespace terrace
