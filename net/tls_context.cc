#include "net/tls_context.h"

#include <arpa/inet.h>

#include <array>
#include <mutex>

#include "base/strings.h"

namespace dm::net {

namespace {

using base::Code;
using base::Fail;
using base::Result;

// ECDHE + AEAD only; TLS 1.3 has its own list, which is AEAD throughout.
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

// Never asks a terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

int SelectHttp11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned int in_size,
                 void*) {
  static constexpr std::array<unsigned char, 9> kOurs = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs.data(), kOurs.size(), in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;   // a peer that offers only others still gets HTTP/1.1 or leaves
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// --- the peer check, hung on the SSL_CTX so that it lives as long as any connection of it ---

using CheckSlot = std::shared_ptr<PeerCheck>;

void FreeSlot(void*, void* slot, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<CheckSlot*>(slot); }

int SlotIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeSlot);
  return index;
}

PeerCheck* CheckOf(const SSL* ssl) {
  auto* slot = static_cast<CheckSlot*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), SlotIndex()));
  return slot == nullptr ? nullptr : slot->get();
}

// RFC 6066: SNI carries names, never addresses. The handshake's start is the last moment to say so, after libraries
// that put the URL's host there whatever it is.
void BeforeHandshake(const SSL* ssl, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
  const PeerCheck* check = CheckOf(ssl);
  if (check == nullptr) return;
  // OpenSSL hands the callback a const pointer to the very object it will write to; the setter only sets a string.
  auto* writable = const_cast<SSL*>(ssl);
  // The macro SSL_set_tlsext_host_name casts in C's way; this is what it stands for. Null removes the name.
  std::string name = IsAddress(check->name) ? std::string() : check->name;
  SSL_ctrl(writable, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.empty() ? nullptr : name.data());
}

int PassThrough(int ok, X509_STORE_CTX*) { return ok; }

int Verify(X509_STORE_CTX* store, void*) noexcept {
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  PeerCheck* check = ssl == nullptr ? nullptr : CheckOf(ssl);
  if (check == nullptr) return 0;
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(store);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);   // what is trusted need not be a root, as in Go
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const bool named = IsAddress(check->name)
                         ? X509_VERIFY_PARAM_set1_ip_asc(parameters, check->name.c_str()) == 1
                         : X509_VERIFY_PARAM_set1_host(parameters, check->name.data(), check->name.size()) == 1;
  if (!named || check->name.empty()) return 0;
  X509_STORE_CTX_set_verify_cb(store, PassThrough);   // a library's own callback would judge by another name
  const int verified = X509_verify_cert(store);
  if (verified == 1) return 1;
  try {
    const int error = X509_STORE_CTX_get_error(store);
    std::string text = X509_verify_cert_error_string(error);
    const X509* certificate = X509_STORE_CTX_get_current_cert(store);
    if (certificate != nullptr) {
      text += ": certificate of \"" + NameText(X509_get_subject_name(certificate)) + "\", issued by \"" +
              NameText(X509_get_issuer_name(certificate)) + "\"";
    }
    if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
      text += ", is not for \"" + check->name + "\"";
    }
    check->failure.Set(std::move(text));
  } catch (...) {
    return 0;   // out of memory: refused all the same, only without a reason
  }
  return 0;
}

}  // namespace

bool IsAddress(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

Result<void> Harden(SSL_CTX& context) {
  ERR_clear_error();
  SSL_CTX_set_security_level(&context, 2);
  SSL_CTX_set_options(&context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(&context, 0) != 1 || SSL_CTX_set_cipher_list(&context, kCiphers12) != 1) {
    return Fail(Code::kInternal, "setting up TLS: " + OpensslError());
  }
  return {};
}

Result<StorePtr> NewStore(const std::string& authority_pem) {
  X509StackPtr authorities = ReadCertificates(authority_pem);
  if (!authorities || sk_X509_num(authorities.get()) == 0) {
    return Fail(Code::kInvalid, "the certificate authority is not PEM (\"-----BEGIN CERTIFICATE-----\" expected)");
  }
  StorePtr store(X509_STORE_new());
  if (!store) return Fail(Code::kInternal, OpensslError());
  for (int i = 0; i < sk_X509_num(authorities.get()); ++i) {
    if (X509_STORE_add_cert(store.get(), sk_X509_value(authorities.get(), i)) != 1) {
      return Fail(Code::kInternal, "adding a certificate authority: " + OpensslError());
    }
  }
  return store;
}

Result<StorePtr> NewStoreFromFiles(const std::string& file, const std::string& directory) {
  StorePtr store(X509_STORE_new());
  if (!store) return Fail(Code::kInternal, OpensslError());
  const bool from_file = X509_STORE_load_file(store.get(), file.c_str()) == 1;
  const bool from_directory = X509_STORE_load_path(store.get(), directory.c_str()) == 1;   // read when needed
  ERR_clear_error();
  if (from_file || from_directory) return store;
  return Fail(Code::kNotFound, "no certificate authorities in " + file + " or " + directory);
}

void Trust(SSL_CTX& context, X509_STORE& store) { SSL_CTX_set1_cert_store(&context, &store); }

Result<void> TrustOnly(SSL_CTX& context, const std::string& authority_pem) {
  auto store = NewStore(authority_pem);
  if (!store) return base::Propagate(store);
  Trust(context, **store);
  return {};
}

Result<void> UseKeyPair(SSL_CTX& context, const KeyPair& pair) {
  X509StackPtr chain = ReadCertificates(pair.certificate_pem);
  if (!chain || sk_X509_num(chain.get()) == 0) return Fail(Code::kInvalid, "the certificate is not PEM");
  KeyPtr key = ReadKey(pair.key_pem);
  if (!key) return Fail(Code::kInvalid, "the private key is not PEM without passphrase: " + OpensslError());
  SSL_CTX_set_default_passwd_cb(&context, NoPassphrase);
  X509* leaf = sk_X509_value(chain.get(), 0);
  if (SSL_CTX_use_certificate(&context, leaf) != 1) return Fail(Code::kInvalid, "the certificate: " + OpensslError());
  if (SSL_CTX_use_PrivateKey(&context, key.get()) != 1 || SSL_CTX_check_private_key(&context) != 1) {
    return Fail(Code::kInvalid, "the private key does not fit the certificate: " + OpensslError());
  }
  for (int i = 1; i < sk_X509_num(chain.get()); ++i) {
    if (SSL_CTX_add1_chain_cert(&context, sk_X509_value(chain.get(), i)) != 1) {
      return Fail(Code::kInvalid, "the certificate's chain: " + OpensslError());
    }
  }
  return {};
}

Result<SslContextPtr> NewServerContext(const KeyPair& pair, const std::string& client_authority_pem) {
  SslContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context) return Fail(Code::kInternal, "setting up TLS: " + OpensslError());
  if (auto done = Harden(*context); !done) return base::Propagate(done);
  if (auto done = UseKeyPair(*context, pair); !done) return base::Propagate(done);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);   // tickets resume without memory of ours
  SSL_CTX_set_alpn_select_cb(context.get(), SelectHttp11, nullptr);
  if (!client_authority_pem.empty()) {
    if (auto done = TrustOnly(*context, client_authority_pem); !done) return base::Propagate(done, "whom clients' certificates must be from");
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // A ticket carries the client's identity; without tickets every connection is judged by the certificates of now.
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context.get(), 0);
  }
  return context;
}

Result<void> InstallPeerCheck(SSL_CTX& context, std::shared_ptr<PeerCheck> check) {
  auto slot = std::make_unique<CheckSlot>(std::move(check));
  if (SSL_CTX_set_ex_data(&context, SlotIndex(), slot.get()) != 1) {
    return Fail(Code::kInternal, "setting up TLS: " + OpensslError());
  }
  static_cast<void>(slot.release());   // FreeSlot deletes it with the context
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(&context, Verify, nullptr);
  SSL_CTX_set_info_callback(&context, BeforeHandshake);
  return {};
}

}  // namespace dm::net
