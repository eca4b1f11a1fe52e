#include "app/flags.h"

#include <CLI/CLI.hpp>
#include <ostream>

#include "app/duration.h"
#include "app/version.h"
#include "base/log.h"
#include "base/strings.h"

namespace dm::app {

struct Flags::Impl {
  Impl(std::string program, const std::string& description) : app(description, std::move(program)) {}
  CLI::App app;
  std::string section = "Options";
};

Flags::Flags(std::string program, std::string description) {
  const std::string version = program + " " + std::string(Version());
  impl_ = std::make_unique<Impl>(std::move(program), description);
  impl_->app.set_help_flag("-h,--help", "print this text and exit");
  impl_->app.set_version_flag("--version", version, "print the version and exit");
  impl_->app.get_formatter()->column_width(44);
}

Flags::~Flags() = default;

void Flags::Section(std::string title) { impl_->section = std::move(title); }
void Flags::Footer(std::string text) { impl_->app.footer(std::move(text)); }

void Flags::Text(const std::string& name, std::string& target, const std::string& help, const std::string& environment) {
  CLI::Option* option = impl_->app.add_option(name, target, help)->group(impl_->section)->type_name("TEXT");
  if (!target.empty()) option->capture_default_str();
  if (!environment.empty()) option->envname(environment);
}

void Flags::List(const std::string& name, std::vector<std::string>& target, const std::string& help) {
  impl_->app.add_option(name, target, help)->group(impl_->section)->delimiter(',')->type_name("TEXT")->expected(1)->take_all();
}

void Flags::Choice(const std::string& name, std::string& target, const std::vector<std::string>& choices, const std::string& help) {
  impl_->app.add_option(name, target, help)
      ->group(impl_->section)
      ->check(CLI::IsMember(choices).description(""))
      ->type_name(base::Join(choices, "|"))
      ->capture_default_str();
}

void Flags::Port(const std::string& name, std::uint16_t& target, const std::string& help) {
  impl_->app.add_option(name, target, help)
      ->group(impl_->section)
      ->check(CLI::Range(0, 65535).description(""))
      ->type_name("PORT")
      ->capture_default_str();
}

void Flags::Number(const std::string& name, int& target, int least, int most, const std::string& help) {
  impl_->app.add_option(name, target, help)
      ->group(impl_->section)
      ->check(CLI::Range(least, most).description(""))
      ->type_name(std::to_string(least) + "-" + std::to_string(most))
      ->capture_default_str();
}

void Flags::Duration(const std::string& name, base::Duration& target, const std::string& help) {
  impl_->app
      .add_option_function<std::string>(
          name,
          [&target, name](const std::string& text) {
            const auto parsed = ParseDuration(text);
            if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
            target = *parsed;
          },
          help)
      ->group(impl_->section)
      ->type_name("DURATION")
      ->default_str(FormatDuration(target));
}

void Flags::Switch(const std::string& name, bool& target, const std::string& help) {
  impl_->app.add_flag(name, target, help)->group(impl_->section);
}

namespace {

// CLI11 takes "--flag=" as "the value is the next word", which would swallow the next flag. To us it is an empty value.
// It wants the words last first.
std::vector<std::string> Words(int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (int i = argc - 1; i > 0; --i) {
    std::string word = argv[i];
    if (word.size() > 3 && word.compare(0, 2, "--") == 0 && word.find('=') == word.size() - 1) {
      word.pop_back();
      words.emplace_back();
    }
    words.push_back(std::move(word));
  }
  return words;
}

}  // namespace

std::optional<int> Flags::Parse(int argc, const char* const* argv, std::ostream& out, std::ostream& errors) {
  try {
    impl_->app.parse(Words(argc, argv));
    return std::nullopt;
  } catch (const CLI::Success& done) {   // --help, --version
    return impl_->app.exit(done, out, errors);
  } catch (const CLI::ParseError& error) {
    errors << impl_->app.get_name() << ": " << error.what() << "\nRun '" << impl_->app.get_name()
           << " --help' for the flags.\n";
    return 2;
  }
}

void AddCommonFlags(Flags& flags, CommonFlags& common) {
  flags.Section("Kubernetes");
  flags.Text("--kubeconfig", common.kubeconfig,
             "kubeconfig file; without it: $KUBECONFIG, the pod's service account, ~/.kube/config");
  flags.Text("--context", common.context, "context of the kubeconfig; empty: the current one");
  flags.Text("--server", common.server, "URL of the API server, in place of the configuration's");
  flags.Section("Policy");
  flags.Text("--policy", common.policy,
             "the administrator's policy (YAML), read again when it changes; empty: the built-in policy");
  flags.Section("Logs, metrics and health");
  flags.Choice("--log-level", common.log_level, {"debug", "info", "warn", "error"}, "least level that is logged");
  flags.Text("--health-address", common.health_address, "address that /metrics, /healthz and /readyz are served on");
  flags.Port("--health-port", common.health_port, "their port; 0: any free one");
}

void ApplyLogLevel(const std::string& level) {
  base::SetLogLevel(level == "debug"  ? base::Level::kDebug
                    : level == "warn"  ? base::Level::kWarn
                    : level == "error" ? base::Level::kError
                                       : base::Level::kInfo);
}

}  // namespace dm::app
