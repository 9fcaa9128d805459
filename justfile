# `just` lists these. Each only calls a script or cargo; without just, call them yourself.

_:
    @just --list

# What .ci/run does, or only the steps named: just check format clippy
check *steps:
    .ci/run {{steps}}

# Every test, or what is named: just test --test it layers
test *arguments:
    tests/run {{arguments}}

# The invented newsstand under the real daemon
demo *arguments:
    cargo run --release --locked -- demo {{arguments}}

# Format the code
fmt:
    cargo fmt --all

# Licences, banned packages, where packages come from
deny:
    .ci/run deny

# The systemd unit: verified, and its exposure measured
unit:
    deploy/check

# The manual's source: the public items
doc:
    cargo doc --no-deps --locked --open

# A script of bench/ on the release binary: just bench stand
bench name *arguments:
    cargo build --release --locked
    bench/{{name}} {{arguments}}
