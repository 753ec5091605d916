#!/bin/sh
# Wrapper of rustc: the hash of a local crate depends on name, version and kind instead of its
# folder. Crates of a registry have the same hash everywhere.
rustc=$1
shift
case ${CARGO_MANIFEST_DIR-} in
    '' | */registry/src/*) exec "$rustc" "$@" ;;
esac
kind=
before=
for argument; do
    [ "$before" = --crate-type ] && kind=$argument
    before=$argument
done
for argument; do
    shift
    case $argument in
        metadata=*) argument=metadata=$CARGO_PKG_NAME-$CARGO_PKG_VERSION-${CARGO_CRATE_NAME-}-$kind ;;
    esac
    set -- "$@" "$argument"
done
exec "$rustc" "$@"
