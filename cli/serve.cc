// mqttlab serve FILE: one run, to be watched and paused in the browser.
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <variant>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/local_page.h"
#include "cli/read_scenario.h"
#include "cli/render.h"
#include "cli/results_folder.h"
#include "cli/text_file.h"
#include "cli/verbs.h"
#include "cli/worker.h"
#include "installation/installation.h"
#include "reports/text/escape.h"

namespace mq::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Clock = std::chrono::steady_clock;

struct ServeFlags {
  std::string file;
  std::optional<std::uint64_t> seed;
  std::string world;
  std::string broker;
  std::string output;
  std::uint16_t port = 0;
  double speed = 0;
};

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

class Serving {
 public:
  Serving(const scenario::Plan& plan, WorkerOrder order, Worker worker, std::uint16_t port)
      : name_(report::visible(plan.name)),
        whole_(plan.duration + plan.calm),
        order_(std::move(order)),
        worker_(std::move(worker)),
        progress_(context_, ::dup(worker_.progress_descriptor())),
        look_(context_),
        page_(context_, port,
              [this](const std::string& path, bool posted) { return answer(path, posted); }) {}

  // Until the user ends it: the page stays when the run has ended.
  int go() {
    std::printf("%s\n", page_.url().c_str());
    std::printf("Open it in a browser of this machine; Ctrl-C ends it.\n");
    std::fflush(stdout);
    hear();
    look();
    context_.run();
    if (!end_) {
      worker_.interrupt(interrupt_seen());
      finish();
    }
    return end_->exit_code;
  }

 private:
  void hear() {
    progress_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& error) {
                           if (error) return;
                           if (!worker_.read_progress()) return finish();
                           tell();
                           hear();
                         });
  }

  // Signals are only remembered (interrupt.h).
  void look() {
    look_.expires_after(std::chrono::milliseconds(100));
    look_.async_wait([this](const boost::system::error_code&) {
      interrupt_seen() != 0 ? context_.stop() : look();
    });
  }

  void finish() {
    end_ = worker_.wait();
    took_ = Clock::now() - began_;
    const ResultsFolder folder{order_.folder};
    std::string why;
    const auto results = read_results(folder, why);
    verdict_ = results ? std::string() : end_->trouble.empty() ? why : end_->trouble;
    if (results) {
      if (const auto trouble = render_all(*results, folder)) verdict_ = *trouble;
      print_verdict(*results, folder, 1, Terminal("auto"));
    } else {
      std::fprintf(stderr, "mqttlab serve: %s\n", verdict_.c_str());
      if (end_->exit_code == exit_code::held) end_->exit_code = exit_code::fault;
    }
    std::fflush(stdout);
  }

  std::string verdict() const {
    if (!verdict_.empty()) return verdict_;
    if (end_->exit_code == exit_code::held) return "every promise held";
    if (end_->exit_code == exit_code::broken) return "a promise was broken";
    return end_->exit_code == exit_code::nothing ? "nothing proven" : "not complete";
  }

  PageAnswer answer(const std::string& path, bool posted) {
    if (posted && (path == "pause" || path == "go-on")) {
      if (!end_) pause(path == "pause");
      return {"ok"};
    }
    if (posted) return {};
    if (path == "state") return {state(), "application/json"};
    if (path.empty()) return file("page.html", "text/html; charset=utf-8");
    if (path == "page.css") return file("page.css", "text/css");
    if (path == "page.js") return file("page.js", "text/javascript");
    return {};
  }

  static PageAnswer file(const char* name, const char* type) {
    return {read_text_file(data_folder("cli/serve") + "/" + name).value_or(""), type};
  }

  void pause(bool is) {
    if (paused_ == is) return;
    paused_ = is;
    const auto now = Clock::now();
    is ? paused_at_ = now : began_ += now - paused_at_;
    tell();
  }

  // A worker that has said something can take the signals; before, they would end it.
  void tell() {
    if (worker_.glance().empty() || told_ == paused_) return;
    told_ = paused_;
    worker_.interrupt(paused_ ? SIGUSR1 : SIGUSR2);
  }

  std::string state() const {
    const Clock::duration took = end_ ? took_ : (paused_ ? paused_at_ : Clock::now()) - began_;
    const double wall = std::chrono::duration<double>(took).count();
    json::object state{{"name", name_},
                       {"whole", seconds(whole_)},
                       {"paused", paused_},
                       {"still", paused_ && worker_.stands_still()},
                       {"ended", end_.has_value()},
                       {"speed", wall > 0 ? seconds(worker_.reached() - Instant{}) / wall : 0.0}};
    if (end_) {
      state["exit_code"] = end_->exit_code;
      state["verdict"] = verdict();
    }
    boost::system::error_code error;
    json::value run = json::parse(worker_.glance(), error);
    if (!error && run.is_object()) state["run"] = std::move(run);
    return json::serialize(state);
  }

  std::string name_;
  Duration whole_;
  WorkerOrder order_;
  Worker worker_;
  asio::io_context context_{1};
  asio::posix::stream_descriptor progress_;
  asio::steady_timer look_;
  LocalPage page_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point paused_at_{};
  Clock::duration took_{};
  bool paused_ = false;  // what the user wants
  bool told_ = false;    // what the worker knows
  std::optional<WorkerEnd> end_;
  std::string verdict_;
};

int refuse(const std::string& why, int code) {
  fmt::print(stderr, "mqttlab serve: {}\n", why);
  return code;
}

int serve(const ServeFlags& flags) {
  const auto scenario = read_scenario("serve", flags.file);
  if (!scenario) return exit_code::usage;
  const scenario::Plan& plan = scenario->plan;
  WorkerOrder order;
  order.scenario_file = scenario->file;
  order.scenario_text = scenario->text;
  order.seed = flags.seed.value_or(plan.seed);
  order.simulator = simulator_of(plan, flags.world);
  order.folder = flags.output.empty() ? default_results_path(scenario->file) : flags.output;
  order.command =
      command_to_run(flags.file, order.seed, {.world = flags.world, .broker = flags.broker});
  order.broker = flags.broker;
  order.live = true;
  order.pausable = {flags.speed};
  if (const auto trouble = prepare(ResultsFolder{order.folder}))
    return refuse(*trouble, exit_code::usage);
  take_signals();
  std::string trouble;
  auto worker = Worker::start(order, trouble);
  if (!worker) return refuse(trouble, exit_code::fault);
  try {
    return Serving(plan, std::move(order), std::move(*worker), flags.port).go();
  } catch (const std::system_error& error) {
    return refuse("port " + std::to_string(flags.port) + " of 127.0.0.1: " + error.what(),
                  exit_code::unreachable);
  }
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ServeFlags>();
  Command verb(app, "serve", "run a scenario and show it in the browser, where it can be paused");
  verb.option("FILE", flags->file, "a scenario file (YAML), or a name of the library").required();
  verb.option("--port", flags->port, "of 127.0.0.1; default: a free one");
  verb.option("--speed", flags->speed, "at most so many times as fast as the clock")
      .between(0.01, 1e9);
  verb.option("--seed", flags->seed, "the seed, instead of the scenario's");
  verb.option("--world", flags->world, "ns3 or memory").one_of({"ns3", "memory"});
  verb.option("--broker", flags->broker, "as of `run`");
  verb.option("-o,--output", flags->output, "results folder; default: results/NAME");
  verb.runs([flags, &exit_code] { exit_code = serve(*flags); });
}

}  // namespace mq::cli
