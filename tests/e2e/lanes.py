"""Which end-to-end tests share a cluster. The lanes of a run go side by side, each on a cluster of its own: most of the time of
each is waiting."""

# By how the file's name begins; the rest is in the last lane.
LANES = {
    # Admission, and a cluster to which nothing may happen for five minutes, while others come and go beside it; in the end
    # everything is uninstalled.
    "still": ("test_0_", "test_1_", "test_2_", "test_3_capacity", "test_7_", "test_8_tls", "test_9_"),
    # One cluster under the eyes of the observer.
    "observed": ("test_8_observed", "test_8_volumes", "test_8_without", "test_8_status", "test_8_monitor"),
    # What is done to nodes, the API server and the operator, and v1's clusters.
    "moved": (),
}


def lane_of(file_name):
    return next((lane for lane, starts in LANES.items() if file_name.startswith(starts)), list(LANES)[-1])
