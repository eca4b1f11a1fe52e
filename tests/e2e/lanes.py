"""Which end-to-end tests share a cluster. The lanes of a run go side by side, each on a cluster of its own: most of the time of
each is waiting."""

# By how the file's name begins; the rest is in the last lane. Two: with a third the kubelets run out of inotify instances, 128 a user
# where nobody has raised fs.inotify.max_user_instances.
LANES = {
    # Admission, and a cluster to which nothing may happen for five minutes, while others come and go beside it; in the end
    # everything is uninstalled.
    "still": ("test_0_", "test_1_", "test_2_", "test_3_", "test_7_", "test_8_tls", "test_9_"),
    # What is done to clusters, nodes, the API server and the operator.
    "moved": (),
}


def lane_of(file_name):
    return next((lane for lane, starts in LANES.items() if file_name.startswith(starts)), list(LANES)[-1])
