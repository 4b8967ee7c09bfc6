#include "command_options.hpp"
#include "command_tree.hpp"

#include <cstdint>
#include <string>

namespace pollhook::cli {

void CommandTree::add_signing()
{
    const char* secret_text = "Keys (whsec_..., whsk_...), one a line; else POLLHOOK_SECRET";
    const char* body_text = "The exact bytes; \"-\" is standard input";

    auto sign = leaf<SignOptions>(
        app_,
        "sign",
        "Sign a webhook by hand, or make a key",
        "pollhook sign --generate > secret.txt\n  pollhook sign --secret-file secret.txt --body-file "
        "event.json"
    );
    explain(
        *sign.app,
        "It prints the headers of Standard Webhooks. The first secret is the current one; a whsk_ key signs "
        "v1a beside it."
    );
    SignOptions& signing = *sign.options;
    sign.app->add_flag("--generate", signing.generate, "Print a new secret instead");
    sign.app
        ->add_flag("--asymmetric", signing.asymmetric, "Of Ed25519: whsk_..., then its public key whpk_...")
        ->needs("--generate");
    add_path(*sign.app, "--secret-file", signing.secret_file, "FILE", secret_text);
    add_value(*sign.app, "--id", signing.id, "ID", "The webhook-id; else a random one");
    const auto read_timestamp = [&signing](const std::int64_t& seconds) { signing.timestamp = seconds; };
    sign.app->add_option_function<std::int64_t>("--timestamp", read_timestamp, "Unix seconds; else now")
        ->option_text("N");
    add_value(*sign.app, "--body-file", signing.body_file, "FILE=-", body_text);
    add_output(*sign.app);

    auto verify = leaf<VerifyOptions>(
        app_,
        "verify",
        "Verify a webhook by hand",
        "pollhook verify --secret-file secret.txt --headers-file headers.txt --body-file event.json"
    );
    explain(*verify.app, "Exit code: 0 genuine, 1 not genuine, with the reason.");
    VerifyOptions& verifying = *verify.options;
    CLI::App& app = *verify.app;
    add_path(app, "--secret-file", verifying.secret_file, "FILE", secret_text);
    add_value(app, "--public-key", verifying.public_keys, "KEY...", "Or a public key (whpk_...) for v1a");
    add_path(app, "--headers-file", verifying.headers_file, "FILE", "Lines of NAME: VALUE");
    add_value(app, "--id", verifying.id, "ID", "The webhook-id; else from the file");
    add_value(app, "--timestamp", verifying.timestamp, "N", "The webhook-timestamp; else from the file");
    add_value(app, "--signature", verifying.signature, "TEXT", "The webhook-signature; else from the file");
    add_value(app, "--body-file", verifying.body_file, "FILE=-", body_text);
    const auto read_tolerance = [&verifying](const std::string& text) {
        const auto tolerance = base::parse_duration(text);
        if (!tolerance)
            throw CLI::ValidationError("--tolerance", "must be a duration such as 90s, 5m or 2h");
        verifying.tolerance = *tolerance;
    };
    add_reader(app, "--tolerance", read_tolerance, "DURATION=5m", "How far off its time may be");
}

}  // namespace pollhook::cli
