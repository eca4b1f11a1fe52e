// The seam for randomness. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <string>

namespace dm::base {

class Random {
 public:
  virtual ~Random() = default;
  virtual double Uniform() = 0;          // [0, 1)
  std::uint64_t Below(std::uint64_t n);  // [0, n)
};

class SystemRandom final : public Random {
 public:
  SystemRandom();
  double Uniform() override;

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  double Uniform() override;

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

// A random (version 4) UUID from the operating system's generator.
std::string NewUuid();

}  // namespace dm::base
