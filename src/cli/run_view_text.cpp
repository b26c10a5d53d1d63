#include <fmt/format.h>

#include "cli/plan_text.h"
#include "cli/plan_view.h"
#include "cli/run_view.h"

namespace terrace::cli {

namespace {

class TextView final : public RunView, plan::PlanObserver {
 public:
  TextView(Context& context, bool compact_warnings)
      : context_(context), printer_(context), compact_warnings_(compact_warnings) {}

  plan::PlanObserver& plan_observer() override { return *this; }
  apply::Observer& apply_observer() override { return printer_; }

  void diagnostics(const Diagnostics& diagnostics) override {
    if (!compact_warnings_ || diagnostics.has_errors()) {
      context_.show(diagnostics);
    } else {
      context_.print(render_compact_warnings(diagnostics, context_.render_options()));
    }
  }

  void planned(const plan::Plan& plan, schema::ProviderRegistry& registry, bool errored) override {
    if (errored && !plan::has_changes(plan)) return;
    PlanView view = plan_view(plan, registry);
    view.errored = view.errored || errored;
    context_.print(plan_text(view, context_.terminal.color(), context_.terminal.width()));
  }

  void loaded(const plan::Plan&) override {}

  void saved(const plan::Plan& plan, const std::string& path) override {
    std::string rule = rule_text(context_.terminal.color(), context_.terminal.width());
    if (!path.empty()) {
      context_.print(rule +
                     fmt::format("\nSaved the plan to: {0}\n\nTo perform exactly these actions, run the following "
                                 "command to apply:\n    terrace apply \"{0}\"\n",
                                 path));
    } else if (plan::has_changes(plan)) {
      context_.print(rule +
                     "\nNote: You didn't use the -out option to save this plan, so terrace can't\nguarantee to take "
                     "exactly these actions if you run \"terrace apply\" now.\n");
    }
  }

  void applied(const apply::ApplyResult& result, const state::State& state, bool destroy) override {
    if (!result.diagnostics.has_errors() && !result.interrupted) {
      context_.print(context_.style("\n[bold][green]" + apply_summary(result, destroy) + "\n[reset]"));
      std::string outputs = outputs_text(state, context_);
      if (!outputs.empty() && !destroy) context_.print(context_.style("\n[bold][green]Outputs:[reset]\n\n") + outputs);
      return;
    }
    context_.print(fmt::format("\n{} added, {} changed, {} destroyed before it stopped.\n", result.added,
                               result.changed, result.destroyed));
    if (!result.skipped.empty()) {
      context_.print(fmt::format("Not begun: {}", result.skipped[0]));
      for (std::size_t i = 1; i < result.skipped.size() && i < 20; ++i) context_.print(", " + result.skipped[i]);
      context_.print(result.skipped.size() > 20 ? fmt::format(" and {} more.\n", result.skipped.size() - 20) : ".\n");
    }
    context_.print(
        "Everything that was made is in the state. Mend the cause and run the same command again: it goes on from "
        "there.\n");
  }

 private:
  void refresh_started(const std::string& address, const std::string& id) override {
    context_.print(fmt::format("{}: Refreshing state...{}\n", address, id.empty() ? "" : fmt::format(" [id={}]", id)));
  }
  void read_started(const std::string& address) override { context_.print(fmt::format("{}: Reading...\n", address)); }
  void read_completed(const std::string& address, const std::string& id, Duration elapsed) override {
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
    context_.print(fmt::format("{}: Read complete after {}s{}\n", address, seconds,
                               id.empty() ? "" : fmt::format(" [id={}]", id)));
  }

  Context& context_;
  ApplyPrinter printer_;
  bool compact_warnings_;
};

}  // namespace

std::unique_ptr<RunView> make_text_view(Context& context, bool compact_warnings) {
  return std::make_unique<TextView>(context, compact_warnings);
}

}  // namespace terrace::cli
