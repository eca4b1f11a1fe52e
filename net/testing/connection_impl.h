// The inside of a scripted connection; shared by the two source files of the scripted server.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "net/openssl_ptr.h"
#include "net/testing/scripted_server.h"
#include "net/tls.h"

namespace dm::net::testing {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

struct ScriptedServer::Impl {
  explicit Impl(ScriptedOptions chosen);

  void AcceptLoop();
  void Run(Connection::Impl& connection);
  void Forget(int number);            // before its descriptor closes
  void Record(const Request& request);

  const ScriptedOptions options;
  KeyPair authority;
  std::string certificate_pem;
  SslContextPtr tls;
  int port = 0;
  Descriptor listener;
  Descriptor stop_event;              // readable once the server stops
  std::atomic<bool> stopping = false;

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  Script script;                      // under mutex, as all below
  std::map<int, int> open;            // connection number → descriptor
  int accepted = 0;
  std::vector<Request> requests;
  std::vector<std::jthread> threads;
  std::jthread accept_thread;
};

struct Connection::Impl {
  Impl(ScriptedServer::Impl& owner, int descriptor, int nth) : server(owner), fd(descriptor), number(nth) {}
  ~Impl() { Cut(); }

  bool Handshake();
  // Bytes read, 0 at the end, negative on failure.
  long Read(char* into, std::size_t size);
  bool Fill();                        // more into `buffer`; false at the end
  std::optional<std::string> ReadLine();
  bool ReadExactly(std::size_t size, std::string& into);
  bool ReadChunks(std::string& body);
  void Cut();                         // closes the descriptor

  ScriptedServer::Impl& server;
  int fd;
  const int number;
  SslPtr ssl;
  std::string buffer;
  bool closed = false;
};

}  // namespace dm::net::testing
