"""One thread for the libraries that calculate, wherever a function of ours asks for it.

OpenBLAS, OpenMP and their like start a thread on every core and let it spin while it waits for the
others. That is a gain on an idle machine and a matrix of gigabytes; beside other work, or where two
such pools take turns, the threads wait for each other and the same sums take ten times as long.
And several threads add up in an order of their own, so that the last bits depend on their number.
docs/decisions/clusters.md has the figures.
"""

from threadpoolctl import threadpool_limits

single_threaded = threadpool_limits.wrap(limits=1)
"""A decorator: while the function runs, every numerical library in the process has one thread."""
