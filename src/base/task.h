// Task<T>: a lazy coroutine, started when it is awaited and resumed by the one Loop. Everyone who waits includes it.
//
// House rules, because GCC 12 miscompiles some awaits: give `co_await` arguments that are named locals, neither braced
// temporaries nor `*pointer` (it awaits a copy: name a reference), never await inside a conditional expression (?:) or
// the range of a for loop, and never capture by reference in a coroutine lambda (make it a function with parameters).
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace terrace {

template <typename T = void>
class Task;

namespace internal {

struct TaskFinal {
  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) const noexcept {
    if (handle.promise().inside_await) return std::noop_coroutine();
    return handle.promise().continuation;
  }
  void await_resume() const noexcept {}
};

struct TaskPromiseBase {
  std::coroutine_handle<> continuation;
  std::exception_ptr exception;
  // True while the awaiting coroutine is still on the stack below: then ending is returning to it. A loop that awaits a
  // million tasks which never wait so needs no stack, whatever the compiler makes of tail calls.
  bool inside_await = false;
  std::suspend_always initial_suspend() const noexcept { return {}; }
  TaskFinal final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (exception) std::rethrow_exception(exception);
    return std::move(*value);
  }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void take() {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace internal

// Owns its coroutine. Awaiting it runs it to its end and gives its value; a Task that is never awaited never runs.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  struct Awaiter {
    Handle handle;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiting) {
      internal::TaskPromiseBase& promise = handle.promise();
      promise.continuation = waiting;
      promise.inside_await = true;
      handle.resume();
      promise.inside_await = false;
      return !handle.done();
    }
    T await_resume() { return handle.promise().take(); }
  };
  Awaiter operator co_await() const& noexcept { return Awaiter{handle_}; }
  Awaiter operator co_await() const&& noexcept { return Awaiter{handle_}; }

 private:
  Handle handle_ = nullptr;
};

namespace internal {
template <typename T>
Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}
}  // namespace internal

}  // namespace terrace
