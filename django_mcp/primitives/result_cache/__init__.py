"""Policy by which the results of reads are kept in the cache: for how long, and for whom."""
