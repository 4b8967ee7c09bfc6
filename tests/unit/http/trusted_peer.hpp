#pragma once

#include "client_fixture.hpp"
#include "pollhook/http/route.hpp"
#include "support/test_certificate.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace pollhook::http {

/// An authority made for the test, and files that end with it.
class TestAuthority {
public:
    TestAuthority() = default;
    TestAuthority(const TestAuthority&) = delete;
    TestAuthority& operator=(const TestAuthority&) = delete;
    ~TestAuthority()
    {
        for (const std::string& file : files_)
            std::filesystem::remove(file);
    }

    [[nodiscard]] const test::TestCertificate& authority() const { return certificate_; }
    [[nodiscard]] test::TestCertificate issue(const std::string& alternative_names) const
    {
        test::TestCertificate::Spec spec;
        spec.common_name = "peer";
        spec.alternative_names = alternative_names;
        spec.issuer = &certificate_;
        return test::TestCertificate(spec);
    }
    /// The authority's certificate as a file.
    std::string authority_file() { return write(certificate_.certificate_pem()); }
    /// Any text as a file.
    std::string write(const std::string& text)
    {
        std::string name = std::filesystem::temp_directory_path() / "pollhook-http-XXXXXX";
        ::close(::mkstemp(name.data()));
        std::ofstream(name) << text;
        files_.push_back(name);
        return name;
    }

    /// A certificate with its key in files, for a route.
    RouteOptions shown(const test::TestCertificate& certificate)
    {
        RouteOptions options;
        options.ca_file = authority_file();
        options.certificate_file = write(certificate.certificate_pem());
        options.key_file = write(certificate.key_pem());
        return options;
    }

private:
    static test::TestCertificate::Spec spec()
    {
        test::TestCertificate::Spec spec;
        spec.common_name = "test authority";
        spec.is_authority = true;
        return spec;
    }

    std::vector<std::string> files_;
    test::TestCertificate certificate_{spec()};
};

/// A client of one authority, made for the test, that takes its look-ups from `ask`.
class AuthorityFixture : protected TestAuthority, public ClientFixture {
protected:
    explicit AuthorityFixture(const Resolver::Ask& ask = look_up_with_system)
        : ClientFixture(authority_file(), ask)
    {
    }
};

/// A look-up in which every name is at `address`.
inline Resolver::Ask everything_is_at(const std::string& address)
{
    return [address](const std::string&) {
        LookUp answer;
        answer.addresses.push_back(boost::asio::ip::make_address(address));
        return answer;
    };
}

}  // namespace pollhook::http
