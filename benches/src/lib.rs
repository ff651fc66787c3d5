//! Throughput beside peers.
