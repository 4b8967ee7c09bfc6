#include "support/test_certificate.hpp"

#include <boost/asio/buffer.hpp>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>
#include <string_view>

namespace pollhook::test {
namespace {

constexpr long a_day = 24 * 60 * 60;

void require(bool success)
{
    if (!success)
        throw std::runtime_error("OpenSSL could not make a test certificate");
}

void add_extension(X509& certificate, int kind, const std::string& value)
{
    X509_EXTENSION* const extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    require(extension != nullptr);
    const int added = ::X509_add_ext(&certificate, extension, -1);
    ::X509_EXTENSION_free(extension);
    require(added == 1);
}

template <class Write>
std::string to_pem(Write write)
{
    const std::unique_ptr<BIO, int (*)(BIO*)> memory(::BIO_new(::BIO_s_mem()), &::BIO_free);
    require(write(memory.get()) == 1);
    char* text = nullptr;
    const long size = ::BIO_ctrl(memory.get(), BIO_CTRL_INFO, 0, static_cast<void*>(&text));
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace

TestCertificate::TestCertificate(const Spec& spec)
    : key_(::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")),
      certificate_(::X509_new())
{
    static long serial = 0;
    X509* const own = certificate_.get();
    require(key_ != nullptr && own != nullptr);
    ::X509_set_version(own, X509_VERSION_3);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(own), ++serial);
    ::X509_gmtime_adj(::X509_getm_notBefore(own), spec.is_not_yet_valid ? a_day : -10 * a_day);
    ::X509_gmtime_adj(::X509_getm_notAfter(own), spec.is_expired ? -a_day : 10 * a_day);
    ::X509_set_pubkey(own, key_.get());
    const auto* const name = reinterpret_cast<const unsigned char*>(spec.common_name.c_str());
    ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(own), "CN", MBSTRING_ASC, name, -1, -1, 0);
    const X509* const issuer = spec.issuer != nullptr ? spec.issuer->certificate_.get() : own;
    ::X509_set_issuer_name(own, ::X509_get_subject_name(issuer));
    if (spec.is_authority)
        add_extension(*own, NID_basic_constraints, "critical,CA:TRUE");
    if (!spec.alternative_names.empty())
        add_extension(*own, NID_subject_alt_name, spec.alternative_names);
    if (!spec.extended_key_usage.empty())
        add_extension(*own, NID_ext_key_usage, spec.extended_key_usage);
    EVP_PKEY* const signer = spec.issuer != nullptr ? spec.issuer->key_.get() : key_.get();
    require(::X509_sign(own, signer, ::EVP_sha256()) > 0);
}

std::string TestCertificate::certificate_pem() const
{
    return to_pem([this](BIO* out) { return ::PEM_write_bio_X509(out, certificate_.get()); });
}

std::string TestCertificate::key_pem() const
{
    return to_pem([this](BIO* out) {
        return ::PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

std::string TestCertificate::encrypted_key_pem() const
{
    return to_pem([this](BIO* out) {
        std::string passphrase = "secret";
        auto* const bytes = reinterpret_cast<unsigned char*>(passphrase.data());
        const int length = static_cast<int>(passphrase.size());
        return ::PEM_write_bio_PrivateKey(
            out, key_.get(), ::EVP_aes_128_cbc(), bytes, length, nullptr, nullptr
        );
    });
}

boost::asio::ssl::context TestCertificate::server_context() const
{
    namespace asio = boost::asio;
    asio::ssl::context context(asio::ssl::context::tls_server);
    context.use_certificate_chain(asio::buffer(certificate_pem()));
    context.use_private_key(asio::buffer(key_pem()), asio::ssl::context::pem);
    return context;
}

boost::asio::ssl::context TestCertificate::server_context(const TestCertificate& authority) const
{
    namespace asio = boost::asio;
    asio::ssl::context context = server_context();
    context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    context.add_certificate_authority(asio::buffer(authority.certificate_pem()));
    return context;
}

}  // namespace pollhook::test
