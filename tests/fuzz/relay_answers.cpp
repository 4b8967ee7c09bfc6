#include "fuzz/history_oracle.hpp"
#include "fuzz/input.hpp"
#include "fuzz/memory_network.hpp"
#include "fuzz/run.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/provider/factory.hpp"
#include "pollhook/task/detect.hpp"
#include "pollhook/task/event.hpp"
#include "support/manual_clock.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

// A relay that answers with anything, one answer after the other: through the client, the dialect and
// detection.
//
// Input: a byte of flags (1: OhMyGPT, 2: discover instead of look), then answers separated by a record
// separator (0x1e). An answer is its HTTP status (three digits) and its body.

namespace pollhook::fuzz {
namespace {

namespace json = boost::json;

const std::string key = "sk-c4n4ry-0123456789abcdef";
const std::vector<std::string> ids{"1743326750223591", "1743326750223592", "15471238", "a"};

json::parse_options generous()
{
    json::parse_options options;
    options.max_depth = 256;
    return options;
}

std::string http_answer(std::string_view text)
{
    const auto status = std::string(text.substr(0, 3));
    const std::string_view body = text.substr(std::min<std::size_t>(3, text.size()));
    return "HTTP/1.1 " + status +
           " X\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

/// A relay's word as docs and relays spell it, apart from the code that is tested. Empty: not one of them.
std::optional<task::Status> meaning(std::string word)
{
    for (char& c : word) {
        if (c == '-' || c == ' ')
            c = '_';
        else if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c - 'a' + 'A');
    }
    static const std::map<std::string, task::Status, std::less<>> words{
        {"", task::Status::queued},
        {"NOT_START", task::Status::queued},
        {"SUBMITTED", task::Status::queued},
        {"QUEUED", task::Status::queued},
        {"IN_PROGRESS", task::Status::running},
        {"MODAL", task::Status::waiting},
        {"SUCCESS", task::Status::succeeded},
        {"FAILURE", task::Status::failed},
        {"CANCEL", task::Status::cancelled},
    };
    const auto found = words.find(word);
    return found == words.end() ? std::nullopt : std::optional(found->second);
}

/// I9: an end is the relay's own word, read here by another parser.
void check_end(const task::Observation& seen)
{
    if (!task::is_terminal(seen.status))
        return;
    json::error_code ec;
    const json::value value =
        json::parse(json::string_view(seen.raw.data(), seen.raw.size()), ec, {}, generous());
    expect(!ec && value.is_object(), "I9: an end comes from a whole JSON object");
    const json::value* status = value.get_object().if_contains("status");
    const bool has_word = status != nullptr && status->is_string();
    const auto told = meaning(has_word ? std::string(status->get_string()) : std::string());
    const bool gave_up = seen.status == task::Status::failed && (!told || !task::is_terminal(*told));
    if (gave_up)
        expect(
            seen.progress == 100 && value.get_object().contains("failReason"), "I9: given up without a reason"
        );
    else
        expect(told == seen.status, "I9: the end is what the relay said");
}

struct Watched {
    task::Known known;
    HistoryOracle oracle;
};

class Watcher {
public:
    explicit Watcher(provider::Provider& provider, const base::Clock& clock)
        : provider_(provider),
          clock_(clock)
    {
    }

    void look_at(const provider::LookResult& result, std::string_view status)
    {
        const provider::Answer& answer = result.answer;
        // What is not a good answer changes nothing.
        if (status < "200" || status > "299")
            expect(answer.observations.empty(), "a refusal shows no task");
        if (status.starts_with('5') || status == "429" || status == "401")
            expect(answer.missing.empty(), "a failure of the relay misses no task");
        if (result.failure)
            expect(result.failure->detail.find(key) == std::string::npos, "I12: the key is not shown");
        std::vector<std::string_view> seen_ids;
        for (const task::Observation& seen : answer.observations) {
            expect(seen.progress >= -1 && seen.progress <= 100, "progress is -1 to 100");
            expect(task::is_valid_id(seen.id), "the id is valid");
            seen_ids.push_back(seen.id);
            observe(seen);
        }
        std::ranges::sort(seen_ids);
        expect(std::ranges::adjacent_find(seen_ids) == seen_ids.end(), "one observation for each id");
        for (const std::string& id : answer.missing)
            expect(!std::ranges::binary_search(seen_ids, id), "what was seen is not missing");
    }

private:
    void observe(const task::Observation& seen)
    {
        check_end(seen);
        Watched& task = tasks_[std::string(seen.id)];
        task::Known known = task.known;
        if (is_sabotaged()) {
            known.peak_rank = 0;
            if (task::is_terminal(known.status))
                known.status = task::Status::running;
        }
        const auto step = task::detect(known, seen.status, seen.progress, seen.upstream_status, clock_.now());
        const auto snapshot = provider_.snapshot(seen.raw);
        if (!step || !snapshot)
            return;
        const auto wrong = task.oracle.follow(*step);
        expect(!wrong, wrong ? wrong->c_str() : "");
        task.known = task::apply(task.known, *step, snapshot->upstream_status);
        expect(
            !task::detect(task.known, seen.status, seen.progress, seen.upstream_status, clock_.now()),
            "the same look again tells nothing new"
        );
        check_event({.provider = "relay", .id = std::string(seen.id)}, *step, *snapshot);
    }

    /// A receiver can read it.
    static void check_event(
        const task::TaskKey& task, const task::Transition& step, const task::Snapshot& snapshot
    )
    {
        const task::EventBody body =
            task::assemble(task::draft_event(task, step, snapshot), R"({"order":"A-17"})");
        json::error_code ec;
        const json::value value = json::parse(body.bytes, ec, {}, generous());
        expect(!ec && value.is_object(), "an event is a JSON object");
        const json::value& data = value.get_object().at("data");
        expect(data.at("id").get_string() == json::string_view(task.id), "an event tells its task");
        expect(data.at("sequence").as_int64() == step.sequence, "an event tells its sequence");
        const std::string_view upstream = task::upstream_of(body.bytes, body.upstream_at);
        (void)json::parse(json::string_view(upstream.data(), upstream.size()), ec, {}, generous());
        expect(!ec, "the bare body is JSON");
        (void)task::snapshot_of(body.bytes);
    }

    provider::Provider& provider_;
    const base::Clock& clock_;
    std::map<std::string, Watched> tasks_;
};

}  // namespace
}  // namespace pollhook::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace pollhook;
    fuzz::Input input(bytes, size);
    const std::uint8_t flags = input.byte();

    boost::asio::io_context loop(1);
    test::ManualClock clock(loop);
    fuzz::AnswerPieces answer;
    http::Client client(
        loop, clock, http::ClientOptions(), std::make_unique<fuzz::MemoryConnector>([&answer] {
            return answer;
        })
    );
    config::Provider settings;
    settings.name = "relay";
    settings.base_url = "http://relay.example.com";
    settings.api_key = config::Secret(fuzz::key);
    settings.type =
        (flags & 1U) != 0 ? config::ProviderType::ohmygpt : config::ProviderType::midjourney_proxy;
    settings.discover = true;
    const auto provider = provider::make_provider(settings, clock, client);
    fuzz::Watcher watcher(*provider, clock);
    for (int looks = 0; looks < 16 && !input.empty(); ++looks) {
        const std::string_view text = input.until('\x1e');
        answer = {fuzz::http_answer(text)};
        const bool discovers = (flags & 2U) != 0 && provider->discovers();
        const provider::LookResult result =
            fuzz::run(loop, discovers ? provider->discover() : provider->look(fuzz::ids));
        watcher.look_at(result, text.substr(0, 3));
        clock.advance(std::chrono::seconds(5));
    }
    fuzz::run(loop, client.close());
    return 0;
}
