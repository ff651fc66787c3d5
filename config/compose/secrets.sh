#!/bin/sh
# Makes the passwords of docker-compose.yml, once: random, in the folder `secrets`, which only its owner enters.
#
# The files themselves can be read by anybody who gets there: inside the containers that is a user without rights.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p -m 700 secrets
for name in clickhouse_password reader_password grafana_password; do
    [ -s "secrets/$name" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"secrets/$name"
    chmod 644 "secrets/$name"
done
