// A provider in a test: plans and applies one object after another on a seeded world.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/loop.h"
#include "base/random.h"
#include "schema/provider.h"
#include "support/memory_file_system.h"

namespace terrace::providers {

struct ProviderWorld {
  using Value = lang::Value;
  test::MemoryFileSystem files;
  VirtualClock clock;
  VirtualWaiter waiter{clock};
  Loop loop{clock, &waiter};
  SeededRandom random{7};
  std::unique_ptr<schema::Provider> provider;

  const schema::TypeSchema& type(const std::string& name) { return provider->schema().resources.at(name); }

  Value config(const std::string& name, std::vector<Value::Member> members) {
    Value value = schema::empty_value(type(name).block);
    for (auto& [attribute, content] : members) value = value.with_attribute(attribute, content);
    return value;
  }

  schema::PlanResponse plan(const std::string& name, const Value& prior, const Value& config) {
    schema::PlanRequest request;
    request.type = name;
    request.prior = prior.is_null() ? Value::null(type(name).implied_type) : prior;
    request.config = config;
    request.proposed = schema::proposed_new(type(name).block, request.prior, config);
    return loop.run(provider->plan_resource(request));
  }

  schema::ApplyResponse apply(const std::string& name, const Value& prior, const Value& planned, const Value& config) {
    schema::ApplyRequest request;
    request.type = name;
    request.prior = prior.is_null() ? Value::null(type(name).implied_type) : prior;
    request.planned = planned;
    request.config = config;
    return loop.run(provider->apply_resource(request));
  }

  // Created from nothing; demands that a second plan finds no change and that planned values hold.
  Value create(const std::string& name, std::vector<Value::Member> members) {
    Value wanted = config(name, std::move(members));
    Diagnostics checked = provider->validate_resource(name, wanted);
    EXPECT_FALSE(checked.has_errors()) << (checked.empty() ? "" : checked.items()[0].detail);
    schema::PlanResponse planned = plan(name, Value(), wanted);
    schema::ApplyResponse made = apply(name, Value(), planned.planned, wanted);
    EXPECT_FALSE(made.diagnostics.has_errors()) << (made.diagnostics.empty() ? "" : made.diagnostics.items()[0].detail);
    if (made.new_state.is_null()) return made.new_state;
    EXPECT_TRUE(made.new_state.is_wholly_known()) << name;
    EXPECT_EQ(made.new_state.type(), type(name).implied_type) << name;
    schema::PlanResponse again = plan(name, made.new_state, wanted);
    EXPECT_TRUE(again.planned.identical(made.new_state)) << name;
    EXPECT_TRUE(again.requires_replace.empty()) << name;
    return made.new_state;
  }

  // The names of the attributes whose change asks for a new object.
  std::vector<std::string> replaced_by(const std::string& name, const Value& prior,
                                       std::vector<Value::Member> members) {
    std::vector<std::string> names;
    for (const lang::Path& path : plan(name, prior, config(name, std::move(members))).requires_replace) {
      names.push_back(path[0].name);
    }
    return names;
  }

  Value read(const std::string& name, const Value& current) {
    schema::ReadRequest request;
    request.type = name;
    request.current = current;
    return loop.run(provider->read_resource(request)).new_state;
  }

  Value import(const std::string& name, const std::string& id) {
    schema::ImportResponse response = loop.run(provider->import_resource(name, id));
    return response.objects.empty() ? Value() : response.objects[0].state;
  }

  // The first error's detail of a configuration; empty when it is good.
  std::string invalid(const std::string& name, std::vector<Value::Member> members) {
    Diagnostics checked = provider->validate_resource(name, config(name, std::move(members)));
    return checked.has_errors() ? checked.items()[0].detail : "";
  }
};

}  // namespace terrace::providers
