// Randomness as an effect, so that tokens, jitter and names can be replayed from a seed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace terrace {

class Random {
 public:
  virtual ~Random() = default;
  // Fills `bytes`; cryptographically strong in production.
  virtual void fill(std::span<uint8_t> bytes) = 0;

  uint64_t next_u64();
  // Uniform in [0, 1).
  double uniform();
  // A version 4 UUID (RFC 9562), lower case with hyphens.
  std::string uuid();
};

// The operating system's generator.
class SystemRandom final : public Random {
 public:
  void fill(std::span<uint8_t> bytes) override;
};

// The same sequence for the same seed (splitmix64). Tests only: not for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  void fill(std::span<uint8_t> bytes) override;

 private:
  uint64_t state_;
};

}  // namespace terrace
