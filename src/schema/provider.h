// Provider: the plugin protocol's calls as an asynchronous interface. Built-in providers implement it; plan, apply and
// the commands call it and know nothing else of any provider.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/task.h"
#include "diag/diagnostic.h"
#include "lang/path.h"
#include "lang/value.h"
#include "schema/schema.h"

namespace terrace::schema {

// Values passed to a provider carry no marks; the engine keeps the marks and puts them back.

struct PlanRequest {
  std::string type;
  lang::Value prior;     // null of the type's object for a create
  lang::Value proposed;  // schema::proposed_new(prior, config); null for a delete
  lang::Value config;    // as written; null attributes where nothing is set
  std::string private_data;
};

struct PlanResponse {
  lang::Value planned;                       // proposed, with unknowns for what only the apply will tell
  std::vector<lang::Path> requires_replace;  // changed attributes that the API can't change in place
  std::string private_data;
  Diagnostics diagnostics;
};

struct ApplyRequest {
  std::string type;
  lang::Value prior;    // null for a create
  lang::Value planned;  // null for a delete; may hold unknowns only where the provider computes
  lang::Value config;
  std::string private_data;
  // For a create: the token of the intent in the journal (a UUID). The provider passes it to the API where the API
  // takes an idempotency token, derives generated names from it, or marks the object with it, so that recover_create
  // finds it.
  std::string intent_token;
};

struct ApplyResponse {
  // The object as it now is. With errors: what is known to exist (then the engine stores it, tainted after a failed
  // create), or null where nothing was made or all is gone.
  lang::Value new_state;
  std::string private_data;
  Diagnostics diagnostics;
};

struct ReadRequest {
  std::string type;
  lang::Value current;
  std::string private_data;
};

struct ReadResponse {
  lang::Value new_state;  // null when the object is gone
  std::string private_data;
  Diagnostics diagnostics;
};

struct ImportedObject {
  std::string type;
  lang::Value state;  // enough for read_resource to fill it
  std::string private_data;
};

struct ImportResponse {
  std::vector<ImportedObject> objects;
  Diagnostics diagnostics;
};

struct RecoverRequest {
  std::string type;
  lang::Value planned;  // as recorded with the intent; unknown where it was unknown
  std::string intent_token;
  int64_t intent_time_s = 0;  // wall clock of the intent, seconds since 1970
};

struct DataRequest {
  std::string type;
  lang::Value config;
};

struct DataResponse {
  lang::Value state;
  Diagnostics diagnostics;
};

class Provider {
 public:
  virtual ~Provider() = default;

  virtual const ProviderSchema& schema() const = 0;

  // Checks without network or credentials; unknown values are accepted.
  virtual Diagnostics validate_provider(const lang::Value& config) = 0;
  virtual Diagnostics validate_resource(std::string_view type, const lang::Value& config) = 0;
  virtual Diagnostics validate_data(std::string_view type, const lang::Value& config) = 0;

  // Called once before anything below. Unknown values are possible while planning.
  virtual Task<Diagnostics> configure(lang::Value config) = 0;

  // A stored object of an older schema version, as raw JSON text, made into a value of today's type.
  virtual Checked<lang::Value> upgrade_state(std::string_view type, int64_t version, const std::string& raw_json) = 0;

  virtual Task<ReadResponse> read_resource(ReadRequest request) = 0;
  virtual Task<PlanResponse> plan_resource(PlanRequest request) = 0;
  virtual Task<ApplyResponse> apply_resource(ApplyRequest request) = 0;
  virtual Task<ImportResponse> import_resource(std::string type, std::string id) = 0;
  virtual Task<DataResponse> read_data(DataRequest request) = 0;

  // True when creating this type changes something outside the state: such creates are journaled before they are made.
  virtual bool needs_intent(std::string_view type) const = 0;
  // After a run that was killed: the object that a create with this intent made (its state as far as import gives it),
  // or null where the request never arrived.
  virtual Task<ReadResponse> recover_create(RecoverRequest request) = 0;
};

// Makes providers by source address ("registry.terraform.io/hashicorp/aws", "terraform.io/builtin/terraform"). One
// instance for each provider configuration of a run. nullptr for an address that is not built in.
class ProviderRegistry {
 public:
  virtual ~ProviderRegistry() = default;
  virtual std::unique_ptr<Provider> make(std::string_view source) = 0;
  // The schema without an instance; nullptr for an address that is not built in.
  virtual const ProviderSchema* schema(std::string_view source) = 0;
  // Every address that make() knows, sorted, for messages.
  virtual std::vector<std::string> sources() const = 0;
};

}  // namespace terrace::schema
