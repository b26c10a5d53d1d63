#include "aws/batch.h"

#include <algorithm>

namespace terrace::aws {

using nlohmann::json;

Task<Result<json, ApiError>> Batches::load(const Kind& kind, std::string region, std::string id) {
  std::pair<const Kind*, std::string> key(&kind, region);
  auto found = waiting_.find(key);
  std::shared_ptr<Batch> batch;
  if (found == waiting_.end()) {
    batch = std::make_shared<Batch>(client_.loop());
    waiting_.emplace(key, batch);
    client_.loop().spawn(run(kind, region, batch));
  } else {
    batch = found->second;
  }
  batch->ids.push_back(id);
  co_await batch->done;
  if (batch->error) co_return Failure<ApiError>{*batch->error};
  auto object = batch->found.find(id);
  if (object != batch->found.end()) co_return object->second;
  json nothing = kind.many ? json::array() : json(nullptr);
  co_return nothing;
}

Task<void> Batches::run(const Kind& kind, std::string region, std::shared_ptr<Batch> batch) {
  co_await client_.loop().when_idle();
  waiting_.erase(std::pair<const Kind*, std::string>(&kind, region));
  std::sort(batch->ids.begin(), batch->ids.end());
  batch->ids.erase(std::unique(batch->ids.begin(), batch->ids.end()), batch->ids.end());
  TaskGroup group(client_.loop());
  for (std::size_t from = 0; from < batch->ids.size(); from += kind.most) {
    group.add(chunk(kind, region, batch, from, std::min(from + kind.most, batch->ids.size())));
  }
  co_await group.join();
  batch->done.set();
}

Task<void> Batches::chunk(const Kind& kind, std::string region, std::shared_ptr<Batch> batch, std::size_t from,
                          std::size_t to) {
  json ids = json::array();
  for (std::size_t i = from; i < to; ++i) ids.push_back(batch->ids[i]);
  json params = json::object();
  if (kind.parameter[0] != '\0') {
    params[kind.parameter] = ids;
  } else {
    json filter = json::object();
    filter[kind.filter_name] = kind.filter;
    filter["Values"] = ids;
    params[kind.filters] = json::array();
    params[kind.filters].push_back(filter);
  }
  if (kind.flag[0] != '\0') params[kind.flag] = true;
  CallOptions options;
  options.region = region;
  ApiResult answer = co_await client_.call_all(kind.service, kind.operation, params, options);
  if (!answer) {
    // A parameter of ids fails as a whole for one that is absent; then each is asked for alone.
    bool absent = kind.parameter[0] != '\0' && answer.error().code.find("NotFound") != std::string::npos;
    if (!absent) {
      batch->error = std::make_unique<ApiError>(answer.error());
    } else if (to - from > 1) {
      for (std::size_t i = from; i < to; ++i) co_await chunk(kind, region, batch, i, i + 1);
    }
    co_return;
  }
  if (!answer->contains(kind.result)) co_return;
  for (json& result : (*answer)[kind.result]) {
    if (kind.inside[0] == '\0') {
      keep(kind, result, *batch);
    } else if (result.contains(kind.inside)) {
      for (json& object : result[kind.inside]) keep(kind, object, *batch);
    }
  }
}

void Batches::keep(const Kind& kind, json& object, Batch& batch) {
  auto key = object.find(kind.id);
  if (key == object.end() || !key->is_string()) return;
  std::string name = key->get<std::string>();
  if (kind.many) {
    json& list = batch.found[name];
    if (!list.is_array()) list = json::array();
    list.push_back(std::move(object));
  } else {
    batch.found[name] = std::move(object);
  }
}

Task<ApiResult> Batches::share(std::string service, std::string operation, json params, std::string region) {
  std::string key = service + " " + operation + " " + region + " " + params.dump();
  return share_call(std::move(key), std::move(service), std::move(operation), std::move(params), std::move(region),
                    false);
}

Task<ApiResult> Batches::share_all(std::string service, std::string operation, json params, std::string region) {
  std::string key = service + " " + operation + "s " + region + " " + params.dump();
  return share_call(std::move(key), std::move(service), std::move(operation), std::move(params), std::move(region),
                    true);
}

Task<ApiResult> Batches::share_call(std::string key, std::string service, std::string operation, json params,
                                    std::string region, bool every_page) {
  auto found = shared_.find(key);
  std::shared_ptr<Shared> shared;
  if (found == shared_.end()) {
    shared = std::make_shared<Shared>(client_.loop());
    shared_.emplace(key, shared);
    client_.loop().spawn(run_shared(key, std::move(service), std::move(operation), std::move(params), std::move(region),
                                    every_page, shared));
  } else {
    shared = found->second;
  }
  co_await shared->done;
  co_return *shared->result;
}

Task<void> Batches::run_shared(std::string key, std::string service, std::string operation, json params,
                               std::string region, bool every_page, std::shared_ptr<Shared> shared) {
  co_await client_.loop().when_idle();
  CallOptions options;
  options.region = region;
  Task<ApiResult> asked = every_page
                              ? client_.call_all(std::move(service), std::move(operation), std::move(params), options)
                              : client_.call(std::move(service), std::move(operation), std::move(params), options);
  ApiResult answer = co_await asked;
  shared_.erase(key);
  shared->result = std::make_unique<ApiResult>(std::move(answer));
  shared->done.set();
}

}  // namespace terrace::aws
