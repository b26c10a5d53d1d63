// Batched reads: asking for one object registers a key; all keys of a kind that wait when the loop falls idle become
// one Describe call, in pieces of what the API takes. Resource types read through it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "aws/client.h"
#include "base/loop.h"

namespace terrace::aws {

// How objects of one kind are asked for together.
struct Kind {
  const char* service;
  const char* operation;
  const char* filter;                // name of a filter that takes ids, which leaves absent ones out; or
  const char* parameter;             // a parameter that takes them; one of the two is empty
  const char* result;                // member of the answer with the list of objects
  const char* id;                    // member of an object that is the key
  std::size_t most = 200;            // keys in a call
  bool many = false;                 // a key may have several objects: they come as a list
  const char* filters = "Filters";   // the parameter that takes filters, and
  const char* filter_name = "Name";  // the member of one that names it
  const char* flag = "";             // a parameter to be true
  const char* inside = "";           // member of each result that holds the objects, where they come in groups
};

class Batches {
 public:
  Batches(Client& client) : client_(client) {}
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;

  // The object of `kind` whose key is `id`; null where there is none. An array where the kind has many.
  Task<Result<nlohmann::json, ApiError>> load(const Kind& kind, std::string region, std::string id);

  // One call that answers for the whole account, zone or bucket, shared by all who ask for it at the same time;
  // share_all takes every page.
  Task<ApiResult> share(std::string service, std::string operation, nlohmann::json params, std::string region);
  Task<ApiResult> share_all(std::string service, std::string operation, nlohmann::json params, std::string region);

 private:
  struct Batch {
    explicit Batch(Loop& loop) : done(loop) {}
    Event done;
    std::map<std::string, nlohmann::json> found;
    std::vector<std::string> ids;
    std::unique_ptr<ApiError> error;
  };
  struct Shared {
    explicit Shared(Loop& loop) : done(loop) {}
    Event done;
    std::unique_ptr<ApiResult> result;
  };
  Task<void> run(const Kind& kind, std::string region, std::shared_ptr<Batch> batch);
  Task<void> chunk(const Kind& kind, std::string region, std::shared_ptr<Batch> batch, std::size_t from,
                   std::size_t to);
  static void keep(const Kind& kind, nlohmann::json& object, Batch& batch);
  Task<ApiResult> share_call(std::string key, std::string service, std::string operation, nlohmann::json params,
                             std::string region, bool every_page);
  Task<void> run_shared(std::string key, std::string service, std::string operation, nlohmann::json params,
                        std::string region, bool every_page, std::shared_ptr<Shared> shared);

  Client& client_;
  std::map<std::pair<const Kind*, std::string>, std::shared_ptr<Batch>> waiting_;
  std::map<std::string, std::shared_ptr<Shared>> shared_;
};

}  // namespace terrace::aws
