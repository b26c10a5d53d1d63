#include "providers/null_provider.h"

#include "providers/table_provider.h"

namespace terrace::providers {

namespace {

using lang::Type;
using lang::Value;

std::string random_number(Random& random) {
  return std::to_string(random.next_u64() >> 1);
}

Task<Checked<Value>> create_null(Random& random, Value planned) {
  co_return Checked<Value>{planned.with_attribute("id", Value::string(random_number(random))), {}};
}

Task<Checked<Value>> read_null(Random& random, Value config) {
  if (config.attribute("has_computed_default").is_null()) {
    config = config.with_attribute("has_computed_default", Value::string("default"));
  }
  co_return Checked<Value>{with(config, {{"id", Value::string("static")},
                                         {"outputs", config.attribute("inputs")},
                                         {"random", Value::string(random_number(random))}}),
                           {}};
}

TableType null_resource(Random& random) {
  TableType type;
  type.fields = {{"id", Type::string(), Mode::kComputed},
                 {"triggers", Type::map(Type::string()), Mode::kOptional, true}};
  type.create = [&random](Value planned) { return create_null(random, std::move(planned)); };
  return type;
}

TableData null_data_source(Random& random) {
  TableData data;
  data.fields = {{"has_computed_default", Type::string(), Mode::kOptionalComputed},
                 {"id", Type::string(), Mode::kComputed},
                 {"inputs", Type::map(Type::string()), Mode::kOptional},
                 {"outputs", Type::map(Type::string()), Mode::kComputed},
                 {"random", Type::string(), Mode::kComputed}};
  data.read = [&random](Value config) { return read_null(random, std::move(config)); };
  return data;
}

}  // namespace

std::unique_ptr<schema::Provider> make_null_provider(Random& random) {
  Tables tables;
  tables.resources["null_resource"] = null_resource(random);
  tables.data_sources["null_data_source"] = null_data_source(random);
  return make_table_provider(std::move(tables));
}

}  // namespace terrace::providers
