// What the program's exit says to a script.
#pragma once

namespace dm::cli {

inline constexpr int kNothingDenied = 0;   // what was not checked is listed
inline constexpr int kDenied = 1;
inline constexpr int kUnreadable = 2;      // input unreadable, no DMCluster in it, data that was asked for missing, bad flags

// `status --exit-status`; without the flag 0 whenever there is something to show.
inline constexpr int kExitHealthy = 0;
inline constexpr int kExitUnhealthy = 1;       // unavailable, degraded, or data at risk
inline constexpr int kExitNotReady = 3;        // nothing is wrong, but it is not (or not yet) as asked: starting, changing, suspended, ending

}  // namespace dm::cli
