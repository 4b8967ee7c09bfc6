#include "pollhook/http/origin.hpp"

#include "pollhook/http/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pollhook::http {
namespace {

TEST(OriginTest, SplitsAUrl)
{
    const base::Result<Url> url = parse_url("https://Hooks.Example.COM:8443/a/b?x=1&y=%20#part");
    ASSERT_TRUE(url) << url.error().message();
    EXPECT_EQ(url->origin.scheme, Scheme::https);
    EXPECT_EQ(url->origin.host, "hooks.example.com");
    EXPECT_EQ(url->origin.port, 8443);
    EXPECT_EQ(url->target, "/a/b?x=1&y=%20");
    EXPECT_EQ(url->origin.text(), "https://hooks.example.com:8443");
    EXPECT_EQ(url->origin.host_field(), "hooks.example.com:8443");
    EXPECT_EQ(url->without_query(), "https://hooks.example.com:8443/a/b");
}

struct Accepted {
    std::string_view text;
    std::string_view origin;
    std::string_view target;
};

class AcceptedUrlTest : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedUrlTest, HasThisOriginAndTarget)
{
    const base::Result<Url> url = parse_url(GetParam().text);
    ASSERT_TRUE(url) << url.error().message();
    EXPECT_EQ(url->origin.text(), GetParam().origin);
    EXPECT_EQ(url->target, GetParam().target);
}

INSTANTIATE_TEST_SUITE_P(
    Origin,
    AcceptedUrlTest,
    testing::Values(
        Accepted{"http://example.com", "http://example.com", "/"},
        Accepted{"https://example.com:443/", "https://example.com", "/"},
        Accepted{"http://example.com:443/", "http://example.com:443", "/"},
        Accepted{"HTTPS://EXAMPLE.com?q=1", "https://example.com", "/?q=1"},
        Accepted{"https://example.com./x", "https://example.com", "/x"},
        Accepted{"https://example.com:/x", "https://example.com", "/x"},
        Accepted{"https://example.com:65535/", "https://example.com:65535", "/"},
        Accepted{"https://my_host.example/", "https://my_host.example", "/"},
        Accepted{"https://xn--bcher-kva.example/", "https://xn--bcher-kva.example", "/"},
        Accepted{"https://203.0.113.7.sslip.io:8443/x", "https://203.0.113.7.sslip.io:8443", "/x"},
        Accepted{"http://192.168.1.1.nip.io", "http://192.168.1.1.nip.io", "/"},
        Accepted{"https://10.0.0.1-a.example?q", "https://10.0.0.1-a.example", "/?q"},
        Accepted{"http://127.0.0.1:8080/x", "http://127.0.0.1:8080", "/x"},
        Accepted{"http://[::1]:80/x", "http://[::1]", "/x"},
        Accepted{"http://[2001:DB8:0:0::1]:81/x", "http://[2001:db8::1]:81", "/x"},
        Accepted{"http://[::ffff:10.0.0.1]/x", "http://[::ffff:10.0.0.1]", "/x"},
        Accepted{"http://localhost:3000#top", "http://localhost:3000", "/"}
    )
);

struct Refused {
    std::string_view text;
    Errc error;
};

class RefusedUrlTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedUrlTest, NamesTheBrokenRule)
{
    const base::Result<Url> url = parse_url(GetParam().text);
    ASSERT_FALSE(url) << GetParam().text;
    EXPECT_EQ(url.error(), make_error_code(GetParam().error))
        << GetParam().text << ": " << url.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Origin,
    RefusedUrlTest,
    testing::Values(
        Refused{"", Errc::malformed_url},
        Refused{"example.com/x", Errc::malformed_url},
        Refused{"/relative", Errc::malformed_url},
        Refused{"https:example.com", Errc::malformed_url},
        Refused{"https:///x", Errc::bad_host},
        Refused{"https://:80/x", Errc::bad_host},
        Refused{"ftp://example.com/", Errc::unsupported_scheme},
        Refused{"file:///etc/passwd", Errc::unsupported_scheme},
        Refused{"javascript:alert(1)", Errc::unsupported_scheme},
        Refused{"https://user:secret@example.com/", Errc::userinfo_in_url},
        Refused{"https://user@example.com/", Errc::userinfo_in_url},
        Refused{"https://@example.com/", Errc::userinfo_in_url},
        Refused{"https://ex%61mple.com/", Errc::bad_host},
        Refused{"https://[fe80::1%25eth0]/", Errc::bad_host},
        Refused{"https://[::1/", Errc::bad_host},
        Refused{"https://[::1]x/", Errc::bad_host},
        Refused{"https://[]/", Errc::bad_host},
        Refused{"https://[v1.abc]/", Errc::bad_host},
        Refused{"https://a..b/", Errc::bad_host},
        Refused{"https://.example.com/", Errc::bad_host},
        Refused{"https://-a.example/", Errc::bad_host},
        Refused{"https://ex!ample.com/", Errc::bad_host},
        Refused{"http://2130706433/", Errc::bad_host},
        Refused{"http://0x7f.1/", Errc::bad_host},
        Refused{"http://127.1/", Errc::bad_host},
        Refused{"http://0x7f000001/", Errc::bad_host},
        Refused{"http://1.2.3.256/", Errc::bad_host},
        Refused{"http://1.2.3.4.5/", Errc::bad_host},
        Refused{"http://0x7f.0.0.1/", Errc::bad_host},
        Refused{"http://203.0.113.7.sslip.io:x/", Errc::bad_port},
        Refused{"http://example.com:80.x/", Errc::bad_port},
        Refused{"https://example.com:0/", Errc::bad_port},
        Refused{"https://example.com:65536/", Errc::bad_port},
        Refused{"https://example.com:99999/", Errc::bad_port},
        Refused{"https://example.com:123456789012345678901/", Errc::bad_port},
        Refused{"https://example.com:-1/", Errc::bad_port},
        Refused{"https://example.com/a b", Errc::malformed_url},
        Refused{"https://example.com/a\tb", Errc::malformed_url},
        Refused{"https://example.com/\r\nX: y", Errc::malformed_url},
        Refused{std::string_view("https://example.com/\0", 21), Errc::malformed_url},
        Refused{
            "https://b\xc3\xbc"
            "cher.example/",
            Errc::malformed_url
        },
        Refused{"https://example.com\\@evil.example/", Errc::userinfo_in_url},
        Refused{"https://example.com\\evil.example/", Errc::bad_host},
        Refused{"https://example.com/%zz", Errc::malformed_url}
    )
);

TEST(OriginTest, RefusesAUrlOverEightKibibytes)
{
    const std::string start = "https://example.com/";
    EXPECT_TRUE(parse_url(start + std::string(8192 - start.size(), 'a')));
    EXPECT_FALSE(parse_url(start + std::string(8193 - start.size(), 'a')));
}

TEST(OriginTest, RefusesALabelOver63Characters)
{
    EXPECT_TRUE(parse_url("https://" + std::string(63, 'a') + ".example/"));
    EXPECT_EQ(
        parse_url("https://" + std::string(64, 'a') + ".example/").error(), make_error_code(Errc::bad_host)
    );
}

}  // namespace
}  // namespace pollhook::http
