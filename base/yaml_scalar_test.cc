#include "base/yaml_scalar.h"

#include <gtest/gtest.h>

namespace dm::base {
namespace {

struct Row {
  std::string_view text;
  Json value;
  bool surprising = false;
};

TEST(YamlScalar, ReadsAsKubectlDoes) {
  const Row rows[] = {
      {"", nullptr}, {"~", nullptr}, {"null", nullptr}, {"Null", nullptr}, {"NULL", nullptr}, {"nULL", "nULL"},
      {"true", true}, {"True", true}, {"TRUE", true}, {"tRue", "tRue"}, {"false", false}, {"FALSE", false},
      {"y", true, true}, {"Y", true, true}, {"yes", true, true}, {"Yes", true, true}, {"YES", true, true},
      {"on", true, true}, {"On", true, true}, {"ON", true, true}, {"n", false, true}, {"N", false, true},
      {"no", false, true}, {"No", false, true}, {"NO", false, true}, {"off", false, true}, {"Off", false, true},
      {"OFF", false, true}, {"yEs", "yEs"}, {"nope", "nope"},
      {"0", 0}, {"12", 12}, {"-12", -12}, {"+12", 12}, {"1_000", 1000}, {"1_", 1}, {"_1", "_1"},
      {"0x1F", 31}, {"-0x10", -16}, {"0b101", 5}, {"0o17", 15, true}, {"010", 8, true}, {"-010", -8, true},
      {"08", 8, true}, {"0_8", 8, true}, {"019", 19, true}, {"00", 0, true}, {"0x", "0x"}, {"0b2", "0b2"},
      {"9223372036854775807", std::int64_t{9223372036854775807}},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"18446744073709551615", std::uint64_t{18446744073709551615u}},
      {"18446744073709551616", 18446744073709551616.0},
      {"1.5", 1.5}, {"1e3", 1000}, {"1.0", 1}, {"-0.5", -0.5}, {"+.5", 0.5}, {".5", 0.5}, {"5.", 5}, {"1e-400", 0},
      {"1e400", "1e400"}, {"-0.0", 0}, {"1e", "1e"}, {"1e+", "1e+"}, {".", "."}, {"..", ".."}, {"1.2.3", "1.2.3"},
      {"1:30", "1:30"}, {"12:30:45", "12:30:45"}, {"2026-11-24", "2026-11-24"}, {"-", "-"}, {"+", "+"}, {"+-1", "+-1"},
      {"1 ", "1 "}, {"0x1p3", "0x1p3"}, {"infinity", "infinity"}, {"8Gi", "8Gi"}, {"500m", "500m"}, {"1e5x", "1e5x"},
      {"-.5e1", -5}, {"0.1", 0.1},
  };
  for (const Row& row : rows) {
    const YamlScalar scalar = ResolvePlain(row.text);
    EXPECT_EQ(scalar.value, row.value) << row.text;
    EXPECT_EQ(scalar.value.type() == Json::value_t::number_float, row.value.is_number_float()) << row.text;
    EXPECT_EQ(scalar.surprising, row.surprising) << row.text;
    EXPECT_TRUE(scalar.representable) << row.text;
  }
}

TEST(YamlScalar, KnowsWhatJsonCannotSay) {
  for (const char* text : {".inf", "-.Inf", "+.INF", ".nan", ".NaN"}) EXPECT_FALSE(ResolvePlain(text).representable) << text;
  for (const char* text : {".iNf", "-.nan", "inf"}) {
    EXPECT_TRUE(ResolvePlain(text).representable) << text;
    EXPECT_EQ(ResolvePlain(text).value, text);
  }
}

}  // namespace
}  // namespace dm::base
