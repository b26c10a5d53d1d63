// The one asynchronous loop: ready coroutines, timers, and a Waiter that blocks until the outside world has news.
// Everything that waits runs on it, on one thread; a test runs the same code on a VirtualClock.
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace terrace {

// Blocks until something outside happened (and posted to the loop) or `timeout` passed; no timeout means for ever.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual void wait(std::optional<Duration> timeout) = 0;
};

// Virtual time: waiting moves the clock to the next timer at once.
class VirtualWaiter final : public Waiter {
 public:
  explicit VirtualWaiter(VirtualClock& clock) : clock_(clock) {}
  void wait(std::optional<Duration> timeout) override;

 private:
  VirtualClock& clock_;
};

class Loop {
 public:
  Loop(Clock& clock, Waiter* waiter) : clock_(clock), waiter_(waiter) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  Clock& clock() const { return clock_; }
  // The waiter may need the loop to be made first, so it can be set once later.
  void set_waiter(Waiter* waiter) { waiter_ = waiter; }

  // Resumes `handle` in the next turn.
  void post(std::coroutine_handle<> handle) { ready_.push_back(handle); }

  // Starts `task` in the next turn and keeps it until it ends. An exception that leaves it leaves run().
  void spawn(Task<void> task);

  // Drops the tasks that have not ended, with all they own: before what they use goes. Not from within a task.
  void drop_tasks();

  // Runs turns until `task` has ended, and gives its value. Asserts if nothing could ever wake it.
  template <typename T>
  T run(Task<T> task) {
    std::optional<T> result;
    run_to_end(store(std::move(task), result));
    return std::move(*result);
  }
  void run(Task<void> task) { run_to_end(std::move(task)); }

  struct Sleep {
    Loop& loop;
    Duration length;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) { loop.add_timer(length, handle); }
    void await_resume() const noexcept {}
  };
  // Awaitable: resumes after `length`.
  Sleep sleep(Duration length) { return Sleep{*this, length}; }

  struct Idle {
    Loop& loop;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) { loop.idle_.push_back(handle); }
    void await_resume() const noexcept {}
  };
  // Awaitable: resumes when nothing else is ready to run, before the loop blocks. Batches are cut here.
  Idle when_idle() { return Idle{*this}; }

 private:
  struct Timer {
    Duration at;
    uint64_t order;
    std::coroutine_handle<> handle;
    bool operator>(const Timer& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  struct Root;

  template <typename T>
  static Task<void> store(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await task);
  }
  Root start(Task<void> task, bool* done);
  void run_to_end(Task<void> task);
  void add_timer(Duration length, std::coroutine_handle<> handle);
  void turn();

  Clock& clock_;
  Waiter* waiter_;
  std::deque<std::coroutine_handle<>> ready_;
  std::vector<std::coroutine_handle<>> idle_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::vector<std::coroutine_handle<>> roots_;
  uint64_t order_ = 0;
  std::exception_ptr failure_;
};

// Set once; every waiter before or after then goes on. Not copied: nobody would set the copy that somebody waits for.
class Event {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void set() {
    is_set_ = true;
    for (std::coroutine_handle<> handle : waiting_) loop_.post(handle);
    waiting_.clear();
  }
  bool is_set() const { return is_set_; }
  bool await_ready() const noexcept { return is_set_; }
  void await_suspend(std::coroutine_handle<> handle) { waiting_.push_back(handle); }
  void await_resume() const noexcept {}

 private:
  Loop& loop_;
  bool is_set_ = false;
  std::vector<std::coroutine_handle<>> waiting_;
};

// At most `count` holders at a time. `co_await semaphore.acquire()`, later `release()`.
class Semaphore {
 public:
  Semaphore(Loop& loop, int count) : loop_(loop), free_(count) {}
  struct Acquire {
    Semaphore& semaphore;
    bool await_ready() const noexcept {
      if (semaphore.free_ == 0) return false;
      --semaphore.free_;
      return true;
    }
    void await_suspend(std::coroutine_handle<> handle) { semaphore.waiting_.push_back(handle); }
    void await_resume() const noexcept {}
  };
  Acquire acquire() { return Acquire{*this}; }
  void release() {
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    loop_.post(waiting_.front());
    waiting_.pop_front();
  }

 private:
  Loop& loop_;
  int free_;
  std::deque<std::coroutine_handle<>> waiting_;
};

// Starts tasks side by side and waits for all of them: `group.add(task)` ..., `co_await group.join()`.
class TaskGroup {
 public:
  explicit TaskGroup(Loop& loop) : loop_(loop), done_(loop) {}
  void add(Task<void> task) {
    ++running_;
    loop_.spawn(watch(std::move(task), *this));
  }
  Task<void> join() {
    joining_ = true;
    if (running_ > 0) co_await done_;
  }

 private:
  static Task<void> watch(Task<void> task, TaskGroup& group) {
    co_await task;
    if (--group.running_ == 0 && group.joining_) group.done_.set();
  }
  Loop& loop_;
  Event done_;
  int running_ = 0;
  bool joining_ = false;
};

}  // namespace terrace
