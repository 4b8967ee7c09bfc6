#include "pem_file.hpp"

#include "file.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cstddef>
#include <utility>

namespace pollhook::config {

PemFile inspect(std::filesystem::path path)
{
    // More than all the authorities that a system knows.
    constexpr std::size_t limit_bytes = 16UL << 20U;
    PemFile file;
    if (auto content = read_file(path, limit_bytes)) {
        file.digest.resize(SHA256_DIGEST_LENGTH);
        // OpenSSL reads and writes bytes as unsigned char.
        ::SHA256(
            reinterpret_cast<const unsigned char*>(content->data()),
            content->size(),
            reinterpret_cast<unsigned char*>(file.digest.data())
        );
        OPENSSL_cleanse(content->data(), content->size());
    }
    file.path = std::move(path);
    return file;
}

}  // namespace pollhook::config
