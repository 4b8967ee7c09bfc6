#pragma once

#include <boost/asio/ssl/context.hpp>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace pollhook::test {

/// A certificate with its private key, made in memory; issued by another one or by itself.
class TestCertificate {
public:
    struct Spec {
        std::string common_name = "test";
        std::string
            alternative_names;  ///< OpenSSL's notation, such as `DNS:localhost,IP:127.0.0.1`; may be empty
        const TestCertificate* issuer = nullptr;  ///< null: signed by itself
        bool is_authority = false;
        bool is_expired = false;
        bool is_not_yet_valid = false;
        std::string extended_key_usage;  ///< OpenSSL's notation, such as `clientAuth`; empty: any use
    };

    explicit TestCertificate(const Spec& spec);

    [[nodiscard]] std::string certificate_pem() const;
    [[nodiscard]] std::string key_pem() const;
    /// Behind the passphrase `secret`.
    [[nodiscard]] std::string encrypted_key_pem() const;
    /// A server's TLS context that shows this certificate.
    [[nodiscard]] boost::asio::ssl::context server_context() const;
    /// The same, which wants a client certificate of `authority` too.
    [[nodiscard]] boost::asio::ssl::context server_context(const TestCertificate& authority) const;

private:
    struct KeyDeleter {
        void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
    };
    struct CertificateDeleter {
        void operator()(X509* certificate) const { ::X509_free(certificate); }
    };

    std::unique_ptr<EVP_PKEY, KeyDeleter> key_;
    std::unique_ptr<X509, CertificateDeleter> certificate_;
};

}  // namespace pollhook::test
