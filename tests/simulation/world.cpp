#include "world.hpp"

#include "archive.hpp"
#include "checks.hpp"
#include "log_capture.hpp"
#include "pollhook/store/sqlite_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pollhook::simulation {

using namespace std::chrono_literals;

namespace {

/// How long after the last trouble everything has to be over: the longest schedule, the longest pauses of
/// breakers and back-offs, and some more.
constexpr base::Duration calm_bound = 3h;
constexpr base::Duration calm_step = 1min;
constexpr base::Duration exit_slack = 5s;
constexpr base::Duration time_to_answer = 1s;
constexpr base::Duration server_grace = 2s;

boost::asio::ip::address address(const char* text)
{
    return boost::asio::ip::make_address(text);
}

std::string text_of(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "something else";
    }
}

bool is_corruption(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const store::StartError& error) {
        return error.code() == store::Errc::corrupt;
    } catch (...) {
        return false;
    }
}

}  // namespace

World::World(std::uint64_t seed, std::FILE* trace)
    : scenario_(seed),
      random_(seed_of(1)),
      trace_(timeline_),
      configurations_(scenario_.config, timeline_.now()),
      disk_(seed_of(2)),
      disk_trouble_(seed_of(3)),
      vfs_(disk_, timeline_, "simulated", DiskVfs::Role::machine, seed_of(4)),
      network_(timeline_, seed_of(5)),
      desk_({
          .timeline = &timeline_,
          .trace = &trace_,
          .canaries = &canaries_,
          .violations = &violations_,
          .process = [this] { return process_ && process_->is_ready() ? process_.get() : nullptr; },
          .configurations = &configurations_,
      })
{
    trace_.print_to(trace);
    disk_.interfere = [this](Disk::Operation operation) { return disk_trouble_.judge(operation); };
    build();
}

World::~World()
{
    if (process_ && !process_->has_ended())
        process_->abandon();
    LogCapture::stop();
}

std::uint64_t World::seed_of(std::uint64_t part) const
{
    return (scenario_.seed * 1'000'003 + part) * 0x9e3779b97f4a7c15U;
}

void World::build()
{
    canaries_.add(scenario_.signing_secret.substr(6), "");
    canaries_.add(scenario_.sink_token, "ops.test");
    for (const RelayPlan& plan : scenario_.relays) {
        canaries_.add(plan.key, plan.host);
        simulator::RelayOptions options;
        options.api_key = plan.key;
        options.auth = plan.auth == config::Auth::bearer ? simulator::RelayAuth::bearer
                       : plan.auth == config::Auth::raw  ? simulator::RelayAuth::raw
                                                         : simulator::RelayAuth::mj_api_secret;
        options.seed = seed_of(10 + relays_.size());
        RelayHost::Surroundings around;
        around.timeline = &timeline_;
        around.trace = &trace_;
        around.violations = &violations_;
        around.canaries = &canaries_;
        auto& host = relays_[plan.provider] = std::make_unique<RelayHost>(around, std::move(options));
        network_.add(plan.host, {address("198.41.0.4")}, *host);
    }
    std::vector<std::string> names = scenario_.webhook_hosts;
    names.insert(names.end(), scenario_.sink_hosts.begin(), scenario_.sink_hosts.end());
    for (const std::string& name : names) {
        ReceiverHost::Surroundings around;
        around.timeline = &timeline_;
        around.trace = &trace_;
        around.ledger = &ledger_;
        around.violations = &violations_;
        around.canaries = &canaries_;
        auto& host = receivers_[name] =
            std::make_unique<ReceiverHost>(around, scenario_.signing_secret, seed_of(20 + receivers_.size()));
        std::vector<boost::asio::ip::address> addresses{address("93.184.216.34")};
        if (name == rebinding_host)
            addresses.push_back(address(private_address));
        network_.add(name, std::move(addresses), *host);
    }
}

void World::run()
{
    LogCapture::start(canaries_, violations_, trace_);
    const base::SteadyPoint begin = timeline_.now();
    install();
    plan_chaos();
    run_until(timeline_.now() + scenario_.chaos);
    calm_down();
    send_again();
    grow_old();
    finish();
    score_.virtual_ms = static_cast<std::uint64_t>((timeline_.now() - begin).count());
}

/// Moves time on from event to event, and lets the process run as far as it can at each moment.
void World::run_until(base::SteadyPoint end)
{
    while (!is_over()) {
        let_run();
        std::optional<base::SteadyPoint> next = timeline_.next();
        if (process_)
            if (const auto wake = process_->clock().next(); wake && (!next || *wake < *next))
                next = wake;
        if (!next || *next > end)
            break;
        timeline_.advance_to(*next);
        if (!process_ || !process_->clock().wake_one())
            (void)timeline_.run_one();
    }
    timeline_.advance_to(end);
}

void World::let_run()
{
    while (process_ && !is_over()) {
        if (handlers_left_ && (*handlers_left_)-- == 0) {
            handlers_left_.reset();
            crash(planned_death_);
            return;
        }
        if (!process_->run_one())
            break;
    }
    if (!process_)
        return;
    if (process_->has_ended())
        end_process();
    else if (process_->store_has_work())
        run_store_later();
}

void World::run_store_later()
{
    if (std::exchange(store_planned_, true))
        return;
    const std::int64_t slowest = scenario_.troubles.slow_disk && chaos_ ? 400 : 4;
    timeline_.after(base::Duration(between(0, slowest)), [this] {
        store_planned_ = false;
        if (!process_ || !process_->store_has_work())
            return;
        process_->run_store_job();
        if (process_->boot() != disk_.boot())
            bury();  // it died in the middle of a write
    });
}

void World::start_process()
{
    if (is_over())
        return;
    inspect_disk();
    if (scenario_.troubles.retention && !has_archive_)
        has_archive_ = open_archive(disk_, timeline_);
    configurations_.took_over(configurations_.newest(), timeline_.now());
    Life& life = lives_[disk_.boot()];
    life.clock_jumps = timeline_.jumps();
    life.disk_was_full = disk_trouble_.is_full();
    trace_.note("start boot={}", disk_.boot());
    Process::Surroundings around;
    around.timeline = &timeline_;
    around.network = &network_;
    around.vfs = vfs_.name();
    around.read_config = [this] { return configurations_.newest_config(); };
    process_ = std::make_unique<Process>(
        std::move(around), disk_.boot(), static_cast<std::uint64_t>(between(0, INT64_MAX))
    );
    if (process_->boot() != disk_.boot())
        bury();
}

/// The first start. Where an archive is needed the database is made before anything can happen to it.
void World::install()
{
    start_process();
    if (!scenario_.troubles.retention || is_over())
        return;
    run_until(timeline_.now() + 5s);
    process_->stop();
    lives_[process_->boot()].stopped_at = process_->stopped_at();
    run_until(timeline_.now() + 30s);
    if (!has_archive_)
        violations_.add("I7", "the first start and stop leave no database");
}

/// It came to its end by itself: after SIGTERM, or because the store failed.
void World::end_process()
{
    const std::uint64_t boot = process_->boot();
    const auto& stopped = process_->stopped_at();
    const bool failed = process_->failure() != nullptr;
    trace_.note("end boot={} failure={}", boot, failed ? text_of(process_->failure()) : "none");
    if (failed && is_corruption(process_->failure()))
        violations_.add("I0", text_of(process_->failure()));
    lives_[boot].ended_in_order = !failed;
    lives_[boot].ended_at = timeline_.now();
    if (stopped &&
        timeline_.now() - *stopped > scenario_.config.daemon.shutdown_grace + server_grace + exit_slack)
        violations_.add("I14", fmt::format("boot {} took too long to stop", boot));
    process_.reset();
    handlers_left_.reset();
    disk_.kill();  // a process that has ended leaves what it wrote, and another boot begins
    network_.cut_off(boot);
    timeline_.after(base::Duration(between(100, 5'000)), [this] { start_process(); });
}

void World::crash(Disk::Fate how)
{
    if (!process_)
        return;
    if (how == Disk::Fate::power_cut)
        disk_.cut_power();
    else
        disk_.kill();
    planned_death_ = how;
    bury();
}

void World::bury()
{
    const bool was_cut = planned_death_ == Disk::Fate::power_cut;
    ++(was_cut ? score_.power_cuts : score_.kills);
    trace_.note("{} boot={}", was_cut ? "power cut" : "kill -9", process_->boot());
    lives_[process_->boot()].ended_at = timeline_.now();
    network_.cut_off(process_->boot());
    handlers_left_.reset();
    disk_trouble_.forget_plan();
    LogCapture::pause();
    if (!process_->abandon())
        violations_.add("I14", fmt::format("boot {} does not come to an end", process_->boot()));
    LogCapture::resume();
    process_.reset();
    timeline_.after(base::Duration(between(100, 8'000)), [this] { start_process(); });
}

void World::inspect_disk()
{
    if (const auto stored = inspect(disk_, timeline_))
        check_stored(*stored, evidence(), violations_);
}

Evidence World::evidence() const
{
    Evidence evidence;
    evidence.scenario = &scenario_;
    evidence.ledger = &ledger_;
    for (const auto& [provider, relay] : relays_)
        evidence.relays[provider] = relay.get();
    evidence.lives = lives_;
    evidence.registered = desk_.registered();
    evidence.asked = desk_.asked();
    evidence.pauses = desk_.pauses();
    evidence.configurations = &configurations_;
    evidence.wall_offset = timeline_.wall().time_since_epoch() - timeline_.now().time_since_epoch();
    return evidence;
}

void World::calm_down()
{
    trace_.note("calm");
    chaos_ = false;
    disk_trouble_.forget_plan();
    disk_trouble_.set_full(false);
    handlers_left_.reset();
    network_.set_weather(Weather());
    for (const auto& [name, receiver] : receivers_)
        receiver->set_mood(ReceiverMood());
    for (const auto& [provider, relay] : relays_)
        relay->set_faults({});

    if (configurations_.newest() > 0)
        configure(scenario_.config);  // what waits for a sink that is gone goes out when it returns
    run_to_the_end();
}

/// Until every task that ends upstream has ended here and nothing is left to send.
void World::run_to_the_end()
{
    base::SteadyPoint last = timeline_.now();
    for (const auto& [provider, relay] : relays_)
        last = std::max(last, relay->last_end());
    const base::SteadyPoint bound = last + calm_bound;
    std::vector<std::string> open;
    do {
        // A sink whose receiver had said 410 waits for somebody to resume it.
        for (const config::Sink& sink : scenario_.config.sinks)
            desk_.resume(sink.name);
        run_until(timeline_.now() + calm_step);
        open.clear();
        if (const auto stored = inspect(disk_, timeline_))
            open = unfinished(*stored, evidence());
        if (desk_.registered().size() != submitted_.size())
            open.emplace_back("a registration");
        if (!configurations_.is_in_force(configurations_.newest()))
            open.emplace_back("a reload");
        if (open.empty() && timeline_.now() > last) {
            check_memory();
            run_until(timeline_.now() + time_to_answer);
            return;
        }
    } while (timeline_.now() < bound && !is_over());
    if (is_over())
        return;
    for (const std::string& what : open)
        violations_.add("I7", what + " does not come to its end");
}

void World::finish()
{
    if (!is_over() && process_) {
        process_->stop();
        lives_[process_->boot()].stopped_at = process_->stopped_at();
        ++score_.stops;
        run_until(timeline_.now() + 30s);
    }
    const auto stored = inspect(disk_, timeline_);
    if (!stored)
        return;
    score_.tasks = desk_.registered().size();
    for (const auto& [row, task] : stored->tasks) {
        score_.transitions += task.transitions.size();
        score_.pruned += task.deleted_at ? 1U : 0U;
    }
    if (!is_over())
        check_stored(*stored, evidence(), violations_);
    judge_all();
}

/// Once: what is sent again later has other rules.
void World::judge_all()
{
    if (is_over() || std::exchange(judged_, true))
        return;
    const auto stored = inspect(disk_, timeline_);
    if (!stored)
        return;
    const Evidence all = evidence();
    check_receipts(*stored, all, violations_);
    check_configuration(*stored, all, violations_);
    check_rates(all, violations_);
    check_ends(*stored, all, violations_);
}

Scorecard World::scorecard() const
{
    Scorecard score = score_;
    score.seeds = 1;
    score.disk_errors = disk_trouble_.io_errors();
    score.clock_jumps = timeline_.jumps();
    score.webhooks = ledger_.size();
    score.connections = network_.connections();
    for (const auto& [provider, relay] : relays_)
        score.looks += relay->requests().size();
    score.violations = violations_.all().size();
    score.digest = trace_.digest();
    return score;
}

}  // namespace pollhook::simulation
