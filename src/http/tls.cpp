#include "pollhook/http/tls.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/config/setting_error.hpp"
#include "pollhook/http/error.hpp"
#include "pollhook/http/tcp_stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Tls = asio::ssl::stream<asio::ip::tcp::socket>;

constexpr std::size_t max_sessions = 4096;

struct SessionDeleter {
    void operator()(SSL_SESSION* session) const { ::SSL_SESSION_free(session); }
};
using Session = std::unique_ptr<SSL_SESSION, SessionDeleter>;

/// The newest session of each origin, so that a new connection saves the full handshake.
class Sessions {
public:
    explicit Sessions(SSL_CTX* context)
    {
        ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        ::SSL_CTX_sess_set_new_cb(context, &Sessions::on_new);
    }

    /// Names the connection's origin for the sessions it will be given, and offers the one that is known.
    void attach(SSL* ssl, const Origin& origin)
    {
        if (sessions_.size() >= max_sessions)
            sessions_.clear();
        Slot& slot = sessions_[origin];
        if (!slot)
            slot = std::make_shared<Session>();
        if (*slot)
            ::SSL_set_session(ssl, slot->get());
        ::SSL_set_ex_data(ssl, index(), new Slot(slot));
    }

private:
    using Slot = std::shared_ptr<Session>;

    static int index()
    {
        static const int value = ::SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, &Sessions::on_free);
        return value;
    }

    static int on_new(SSL* ssl, SSL_SESSION* session)
    {
        auto* const slot = static_cast<Slot*>(::SSL_get_ex_data(ssl, index()));
        if (slot == nullptr)
            return 0;
        (*slot)->reset(session);
        return 1;  // the reference is ours now
    }

    static void on_free(void*, void* value, CRYPTO_EX_DATA*, int, long, void*)
    {
        delete static_cast<Slot*>(value);
    }

    std::map<Origin, Slot> sessions_;
};

class TlsStream final : public Stream {
public:
    TlsStream(asio::ip::tcp::socket socket, asio::ssl::context& context) : tls_(std::move(socket), context) {}

    ~TlsStream() override
    {
        // OpenSSL takes the session of a connection that ends without a close_notify for a broken one.
        ::SSL_set_shutdown(tls_.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }

    Tls& tls() { return tls_; }

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into, error_code& ec) override
    {
        return tls_.async_read_some(into, asio::redirect_error(asio::use_awaitable, ec));
    }

    asio::awaitable<std::size_t> write(const Pieces& pieces, error_code& ec) override
    {
        return asio::async_write(tls_, pieces, asio::redirect_error(asio::use_awaitable, ec));
    }

    bool is_quiet() override { return http::is_quiet(tls_.next_layer()); }

    void close() noexcept override
    {
        error_code ignored;
        tls_.next_layer().close(ignored);
    }

private:
    Tls tls_;
};

/// Throws: only a broken OpenSSL or a lack of memory makes these fail.
void require(bool success, const char* what)
{
    if (success)
        return;
    const auto code = static_cast<int>(::ERR_get_error());
    throw boost::system::system_error(code, asio::error::get_ssl_category(), what);
}

void expect_peer(SSL* ssl, const std::string& host)
{
    X509_VERIFY_PARAM* const param = ::SSL_get0_param(ssl);
    ::X509_VERIFY_PARAM_set_hostflags(
        param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
    );
    error_code not_literal;
    asio::ip::make_address(host, not_literal);
    if (!not_literal) {
        require(::X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1, "expected address");
        return;
    }
    require(::X509_VERIFY_PARAM_set1_host(param, host.data(), host.size()) == 1, "expected host name");
    // SSL_set_tlsext_host_name is a macro with a C cast.
    std::string name = host;
    require(
        ::SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1,
        "server name"
    );
}

std::string reason(SSL* ssl, const error_code& ec)
{
    const long verdict = ::SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK)
        return std::string("certificate verify failed: ") + ::X509_verify_cert_error_string(verdict);
    if (ec.category() == asio::error::get_ssl_category()) {
        const int code = ERR_GET_REASON(static_cast<unsigned long>(ec.value()));
        if (code == SSL_R_WRONG_VERSION_NUMBER || code == SSL_R_HTTP_REQUEST)
            return "the peer does not speak TLS on this port";
    }
    if (ec == asio::error::eof || ec == asio::ssl::error::stream_truncated ||
        ec == asio::error::connection_reset)
        return "the peer ended the connection during the TLS handshake";
    return "TLS handshake failed: " + base::printable(ec.message());
}

/// Start-up: OpenSSL alone would not say which file it was, nor why the system did not open it.
void require_readable(const std::string& option, const std::string& file)
{
    errno = 0;
    const std::ifstream stream(file, std::ios::binary);
    if (!stream)
        throw config::SettingError(
            option, option + " " + file + ": " + std::generic_category().message(errno)
        );
}

void require_used(const std::string& option, const std::string& file, const error_code& ec)
{
    if (ec)
        throw config::SettingError(option, option + " " + file + ": " + base::printable(ec.message()));
}

struct StoreDeleter {
    void operator()(X509_STORE* store) const { ::X509_STORE_free(store); }
};
using Store = std::unique_ptr<X509_STORE, StoreDeleter>;

/// The system's authorities, read once for all routes that exist together: they take some 30 ms and over a
/// megabyte. The loop's thread only.
void trust_system(asio::ssl::context& context, std::shared_ptr<X509_STORE>& holder)
{
    static std::weak_ptr<X509_STORE> shared;
    holder = shared.lock();
    if (!holder) {
        context.set_default_verify_paths();
        X509_STORE* const store = ::SSL_CTX_get_cert_store(context.native_handle());
        ::X509_STORE_up_ref(store);
        holder = Store(store);
        shared = holder;
        return;
    }
    ::SSL_CTX_set1_cert_store(context.native_handle(), holder.get());
}

void trust(asio::ssl::context& context, const std::string& ca_file)
{
    require_readable("ca_file", ca_file);
    error_code ec;
    context.load_verify_file(ca_file, ec);
    require_used("ca_file", ca_file, ec);
}

void show_certificate(asio::ssl::context& context, const std::string& certificate, const std::string& key)
{
    error_code ec;
    require_readable("certificate_file", certificate);
    context.use_certificate_chain_file(certificate, ec);
    require_used("certificate_file", certificate, ec);
    require_readable("key_file", key);
    // OpenSSL would ask on the terminal for the passphrase of an encrypted key.
    context.set_password_callback([](std::size_t, asio::ssl::context::password_purpose) {
        return std::string();
    });
    context.use_private_key_file(key, asio::ssl::context::pem, ec);
    require_used("key_file", key, ec);
    if (::SSL_CTX_check_private_key(context.native_handle()) != 1)
        throw config::SettingError("key_file", "key_file " + key + ": it is not the key of the certificate");
}

void use_files(asio::ssl::context& context, const RouteOptions& options)
{
    if (!options.ca_file.empty())
        trust(context, options.ca_file);
    if (!options.certificate_file.empty())
        show_certificate(
            context,
            options.certificate_file,
            options.key_file.empty() ? options.certificate_file : options.key_file
        );
}

}  // namespace

class TlsConnector::Impl {
public:
    explicit Impl(const RouteOptions& options)
        : context_(asio::ssl::context::tls_client),
          sessions_(context_.native_handle())
    {
        SSL_CTX* const native = context_.native_handle();
        const long oldest = options.min_tls_version == TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
        require(
            ::SSL_CTX_ctrl(native, SSL_CTRL_SET_MIN_PROTO_VERSION, oldest, nullptr) == 1,
            "minimum TLS version"
        );
        context_.set_verify_mode(asio::ssl::verify_peer);
        if (options.ca_file.empty())
            trust_system(context_, system_store_);
        use_files(context_, options);
        static constexpr unsigned char protocols[] = "\x08http/1.1";
        require(::SSL_CTX_set_alpn_protos(native, protocols, sizeof protocols - 1) == 0, "protocol list");
    }

    std::unique_ptr<TlsStream> make_stream(asio::ip::tcp::socket socket, const Origin& origin)
    {
        auto stream = std::make_unique<TlsStream>(std::move(socket), context_);
        SSL* const ssl = stream->tls().native_handle();
        expect_peer(ssl, origin.host);
        sessions_.attach(ssl, origin);
        return stream;
    }

private:
    std::shared_ptr<X509_STORE> system_store_;
    asio::ssl::context context_;
    Sessions sessions_;
};

void check_tls_files(const RouteOptions& options)
{
    asio::ssl::context context(asio::ssl::context::tls_client);
    use_files(context, options);
}

TlsConnector::TlsConnector(const RouteOptions& options) : impl_(std::make_unique<Impl>(options)) {}

TlsConnector::~TlsConnector() = default;

asio::awaitable<base::Result<std::unique_ptr<Stream>>> TlsConnector::handshake(
    asio::ip::tcp::socket socket, const Origin& origin, std::string& detail
)
{
    std::unique_ptr<TlsStream> stream = impl_->make_stream(std::move(socket), origin);
    error_code ec;
    co_await stream->tls().async_handshake(Tls::client, asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted)
        co_return make_error_code(Errc::cancelled);
    if (ec) {
        detail = reason(stream->tls().native_handle(), ec);
        co_return make_error_code(Errc::tls_failed);
    }
    std::unique_ptr<Stream> ready = std::move(stream);
    co_return ready;
}

}  // namespace pollhook::http
