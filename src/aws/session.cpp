#include "aws/session.h"

namespace terrace::aws {

Task<Result<std::unique_ptr<Session>, std::string>> Session::open(const SessionEffects& effects,
                                                                  SessionSettings settings, Environment environment) {
  auto config = resolve_config(settings.config, environment, effects.files);
  if (!config.ok()) co_return Failure(config.error());
  config->observer = std::move(settings.observer);
  CredentialSettings keys;
  keys.access_key = std::move(settings.access_key);
  keys.secret_key = std::move(settings.secret_key);
  keys.token = std::move(settings.token);
  keys.profile = settings.config.profile;
  keys.files = settings.config.files;
  keys.assume_roles = std::move(settings.assume_roles);
  keys.skip_metadata_api = settings.skip_metadata_api;
  keys.metadata_endpoint = std::move(settings.metadata_endpoint);
  keys.region = config->region;
  keys.sts_endpoint = custom_endpoint(*config, "sts", "sts");
  std::unique_ptr<Session> session(new Session());
  session->credentials_ =
      std::make_unique<CredentialChain>(effects.loop, effects.network, effects.files, effects.random, effects.models,
                                        effects.processes, std::move(environment), std::move(keys), effects.log);
  if (config->region.empty()) config->region = co_await session->credentials_->metadata_region();
  session->client_ = std::make_unique<Client>(effects.loop, effects.network, effects.random, effects.models,
                                              *session->credentials_, std::move(config).value(), effects.log);
  co_return session;
}

}  // namespace terrace::aws
