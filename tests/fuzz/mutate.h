// Mutations of a text, for the smoke run. Pure but for the random numbers.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"

namespace dm::fuzz {

// One to six edits of one of `seeds`: bytes, words, ranges copied or cut, a piece of another seed.
std::string Mutate(const std::vector<std::string>& seeds, const std::vector<std::string>& words, base::Random& random);

}  // namespace dm::fuzz
