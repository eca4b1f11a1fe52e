// What the program's exit says to a script.
#pragma once

namespace dm::cli {

inline constexpr int kNothingDenied = 0;   // what was not checked is listed
inline constexpr int kDenied = 1;
inline constexpr int kUnreadable = 2;      // input unreadable, no DMCluster in it, data that was asked for missing, bad flags

}  // namespace dm::cli
